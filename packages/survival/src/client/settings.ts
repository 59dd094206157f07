/** A step of handling a failing message at which the client can be told to kill itself. */
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

/** One of them. */
export type Step = (typeof steps)[number]

/** What a run of the client under test is told when it starts. */
export interface ClientSettings {
  /** Tells the runs on one ledger apart. */
  readonly run: string
  readonly ledgerPath: string
  readonly urls: readonly string[]
  /** The brokers themselves, whatever is done to the links of `urls`. */
  readonly directUrls: readonly string[]
  /** Where the password is read at every connect; without it, it is that of the URLs. */
  readonly passwordFile?: string | undefined
  readonly username: string
  readonly heartbeatMs: number
  readonly publishTimeoutMs: number
  /** Loops that send to `work`, and as many that send to `plain`. One sends to `ordered`. */
  readonly senders: number
  /** What such a loop pauses after each message, at most. */
  readonly pauseMs: number
  /** Of `work` and of `plain`. */
  readonly prefetch: number
  /** Of the queue `work`, where the broker is to lose patience with a handler. */
  readonly consumerTimeoutMs?: number | undefined
  /** Handlers of `work` and of `plain` take up to this long, where that is not next to nothing. */
  readonly workMs?: number | undefined
  /** They return at once when their signal is aborted, without having done anything. */
  readonly heedsSignal?: boolean | undefined
  /** Works on one more queue, `once`, with `acknowledge: 'none'`. */
  readonly worksOnce?: boolean | undefined
  /** The contracts of `work` and of `plain` have one dead-letter queue. */
  readonly sharesLetters?: boolean | undefined
  /** Kill yourself when you have come to this step so many times. */
  readonly dieAt?: { readonly step: Step; readonly times: number } | undefined
}

/** What the client can be told while it runs. Each is answered when it is done. */
export type Command =
  /** Send no more, and wait until all has settled. */
  | { readonly do: 'stop' }
  /** Stand still. */
  | { readonly do: 'block'; readonly ms: number }
  /** Publish to an exchange, which may be missing or forbidden, and wait until all has settled. */
  | { readonly do: 'publish'; readonly exchange: string; readonly count: number; readonly bytes: number }
  /** Send a message whose first handler does not return before its delivery is lost. */
  | { readonly do: 'hang' }
  /** Replay the dead letters of a queue's contract, all of them. */
  | { readonly do: 'replay'; readonly queue: 'work' | 'plain' }
  /** Acknowledge so many deliveries of a further queue, beside one that never ends; measure; then let that end. */
  | { readonly do: 'churn'; readonly count: number }
  /** Send a last message to each queue. */
  | { readonly do: 'probe' }
  /** Collect garbage, and write down what is left. */
  | { readonly do: 'measure' }
  /** Close at once, however much is in hand, and end by yourself. */
  | { readonly do: 'close'; readonly timeoutMs: number }
  /** Close, and end by yourself. */
  | { readonly do: 'finish' }

/** The client's answer to a command: a failure is in words. */
export interface Answer {
  readonly done: Command['do']
  readonly failed?: string | undefined
}
