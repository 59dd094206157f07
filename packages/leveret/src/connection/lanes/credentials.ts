import { z } from 'zod'
import { Login } from '../../amqp/login.js'
import { inRootContext } from '../../async/root-context.js'
import { MAX_TIMER_MS, unlessAborted, within } from '../../async/timing.js'
import { ConnectionError } from '../../errors/connection-error.js'
import { messageOf } from '../../errors/message-of.js'
import { parseOptions } from '../../options.js'

/** Credentials of a user of the broker. */
export interface Credentials {
  /** Name of the user. */
  readonly username: string
  /** Password of the user, or a token, if the broker takes tokens. @see https://www.rabbitmq.com/docs/oauth2 */
  readonly password: string
}

/** Credentials that may expire. */
export interface IssuedCredentials extends Credentials {
  /**
   * How long they are valid, in milliseconds, from 1 to 2,147,483,647. After that leveret calls the provider again and
   * gives the broker the new password, without a new connection.
   * @defaultValue without end
   */
  readonly refreshMs?: number | undefined
}

/**
 * Returns credentials. Called at every connect and reconnect of each of the two TCP connections, and when `refreshMs`
 * is up.
 */
export type CredentialsProvider = () => IssuedCredentials | PromiseLike<IssuedCredentials>

/** A login, and how long it is valid. */
export interface Grant {
  readonly login: Login
  readonly refreshMs: number | undefined
}

/** Asks for a grant; `undefined` if each endpoint has its own login. */
export type LoginSource = (signal: AbortSignal) => Promise<Grant | undefined>

/** Checks {@link IssuedCredentials}. */
export const issuedCredentials = z.strictObject({
  username: z.string(),
  password: z.string(),
  refreshMs: z.int().min(1).max(MAX_TIMER_MS).optional(),
})

/** Checks the option `credentials`. */
export const credentialsOption = z.union(
  [
    issuedCredentials.omit({ refreshMs: true }),
    z.literal('external'),
    z.custom<CredentialsProvider>((value) => typeof value === 'function'),
  ],
  "expected { username, password }, 'external', or a function that returns { username, password, refreshMs? }",
)

/**
 * Returns the source of logins for the option `credentials`.
 *
 * @param timeoutMs - how long a provider may take
 */
export function loginSource(
  credentials: z.output<typeof credentialsOption> | undefined,
  timeoutMs: number,
): LoginSource {
  if (typeof credentials === 'function') return async (signal) => await askProvider(credentials, timeoutMs, signal)
  const grant = credentials === undefined ? undefined : { login: loginOf(credentials), refreshMs: undefined }
  return async () => grant
}

async function askProvider(provide: CredentialsProvider, timeoutMs: number, signal: AbortSignal): Promise<Grant> {
  const late = (): Error => new Error(`no answer within ${timeoutMs} ms`)
  const asked = (async () => parseOptions(issuedCredentials, await inRootContext(provide), 'credentials'))()
  try {
    const answer = await within(timeoutMs, unlessAborted(signal, asked), late)
    return { login: loginOf(answer), refreshMs: answer.refreshMs }
  } catch (cause) {
    signal.throwIfAborted()
    throw new ConnectionError('credentials', `The credentials provider failed: ${messageOf(cause)}`, { cause })
  }
}

function loginOf(credentials: Credentials | 'external'): Login {
  return credentials === 'external' ? Login.external() : Login.plain(credentials.username, credentials.password)
}
