import { type DeadLetter, PayloadError } from 'leveret'
import { valueAt } from './where.js'

/** A letter as it is shown: plain data that survives JSON. */
export interface LetterView {
  readonly messageId: string | null
  readonly queue: string | null
  readonly reason: string
  readonly error: { readonly name: string; readonly message: string } | null
  readonly attempts: number
  readonly replays: number
  readonly deadLetteredAt: string | null
  readonly exchange: string
  readonly routingKey: string
  readonly template?: string
  readonly correlationId: string | null
  readonly contentType: string | null
  readonly headers: Readonly<Record<string, unknown>>
  /** The content, if it is JSON or a text. */
  readonly payload?: unknown
  /** The content in base64, if it is neither. */
  readonly content?: string
  /** The parts that do not fit the contract, if there is one. */
  readonly problems?: readonly Problem[]
}

/** A part of a payload that is wrong. */
export interface Problem {
  readonly path: string
  readonly expected: string
  readonly found: unknown
}

/** Reads a letter. @param isKnown - whether its contract is known, so that its payload can be checked */
export async function viewOf(letter: DeadLetter<unknown>, isKnown: boolean): Promise<LetterView> {
  const content = contentOf(letter.content)
  const problems = isKnown ? await problemsOf(letter, content.payload) : undefined
  const { template } = letter as { readonly template?: string }
  return {
    messageId: letter.messageId ?? null,
    queue: letter.queue ?? null,
    reason: letter.reason,
    error: letter.error === undefined ? null : { name: letter.error.name, message: letter.error.message },
    attempts: letter.attempts,
    replays: letter.replays,
    deadLetteredAt: letter.deadLetteredAt?.toISOString() ?? null,
    exchange: letter.exchange,
    routingKey: letter.routingKey,
    ...(template === undefined ? {} : { template }),
    correlationId: letter.correlationId ?? null,
    contentType: letter.contentType ?? null,
    headers: { ...letter.headers },
    ...content,
    ...(problems === undefined ? {} : { problems }),
  }
}

/** Returns the content of a message in the most readable form. */
export function contentOf(content: Buffer): { payload?: unknown; content?: string } {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch {
    return { content: content.toString('base64') }
  }
  try {
    return { payload: text === '' ? null : JSON.parse(text) }
  } catch {
    return { payload: text }
  }
}

async function problemsOf(letter: DeadLetter<unknown>, payload: unknown): Promise<readonly Problem[]> {
  try {
    await letter.payload()
    return []
  } catch (error) {
    return problemsIn(error, payload)
  }
}

/** Lists the problems in an error, with the values found there. */
export function problemsIn(error: unknown, payload: unknown): readonly Problem[] {
  if (!(error instanceof PayloadError))
    return [{ path: '', expected: error instanceof Error ? error.message : String(error), found: null }]
  return error.issues.map(({ path, message }) => ({
    path: path.join('.'),
    expected: message,
    found: valueAt(payload, path) ?? null,
  }))
}
