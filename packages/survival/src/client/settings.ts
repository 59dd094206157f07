/** Steps of handling a failing message at which the client can kill itself. */
export const steps = [
  'begun',
  'copy-published',
  'copy-confirmed',
  'retried',
  'begun-again',
  'letter-published',
  'letter-confirmed',
  'dead-lettered',
] as const

/** One of {@link steps}. */
export type Step = (typeof steps)[number]

/** Settings of one run of the client under test. */
export interface ClientSettings {
  /** Number of the run. It distinguishes the runs in one ledger. */
  readonly run: string
  readonly ledgerPath: string
  readonly urls: readonly string[]
  /** URLs of the brokers themselves, without the proxies of `urls`. */
  readonly directUrls: readonly string[]
  /** Path of a file with the password, read at every connect. Without it, the password is that of the URLs. */
  readonly passwordFile?: string | undefined
  readonly username: string
  readonly heartbeatMs: number
  readonly publishTimeoutMs: number
  /** How many loops send to `work`, and as many to `plain`. One more loop sends to `ordered`. */
  readonly senders: number
  /** The longest pause of such a loop after a message, in milliseconds. */
  readonly pauseMs: number
  /** Prefetch of `work` and of `plain`. */
  readonly prefetch: number
  /** Consumer timeout of the queue `work`, for a fault in which the broker does not wait for a handler any longer. */
  readonly consumerTimeoutMs?: number | undefined
  /** The longest run of the handlers of `work` and `plain`, in milliseconds, if they should take time. */
  readonly workMs?: number | undefined
  /** Whether handlers return at once when their signal is aborted, without having done anything. */
  readonly heedsSignal?: boolean | undefined
  /** Whether the client works on one more queue, `once`, with `acknowledge: 'none'`. */
  readonly worksOnce?: boolean | undefined
  /** Whether the contracts of `work` and `plain` share a dead-letter queue. */
  readonly sharesLetters?: boolean | undefined
  /** The step at which the client kills itself, and after how many times. */
  readonly dieAt?: { readonly step: Step; readonly times: number } | undefined
}

/** Commands to a running client. It answers each when it is done. */
export type Command =
  /** Stops sending, and waits until every send has settled. */
  | { readonly do: 'stop' }
  /** Blocks the event loop. */
  | { readonly do: 'block'; readonly ms: number }
  /** Publishes to an exchange, which may be missing or forbidden, and waits until every publish has settled. */
  | { readonly do: 'publish'; readonly exchange: string; readonly count: number; readonly bytes: number }
  /** Sends a message whose first handler does not return before its delivery is lost. */
  | { readonly do: 'hang' }
  /** Replays all dead letters of a queue's contract. */
  | { readonly do: 'replay'; readonly queue: 'work' | 'plain' }
  /**
   * Acknowledges `count` deliveries of another queue beside one that does not end; measures; then lets that one end.
   */
  | { readonly do: 'churn'; readonly count: number }
  /** Sends a last message to each queue. */
  | { readonly do: 'probe' }
  /** Collects garbage, and notes how much memory is left in use. */
  | { readonly do: 'measure' }
  /** Closes at once, however much work is running, and ends the process. */
  | { readonly do: 'close'; readonly timeoutMs: number }
  /** Closes, and ends the process. */
  | { readonly do: 'finish' }

/** The client's answer to a command, with a failure as a text. */
export interface Answer {
  readonly done: Command['do']
  readonly failed?: string | undefined
}
