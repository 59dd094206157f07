import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Codec } from 'leveret'
import { UsageError } from '../program/failure.js'

/** A source of payloads: one that was given, or lines of a file or of stdin. */
export interface Source {
  /** The one payload; `undefined` where there are lines. */
  readonly text?: string
  readonly lines?: () => AsyncGenerator<string>
}

/**
 * Reads what was given: a payload, `-` for stdin, or a file.
 *
 * @throws {@link UsageError} neither, or both
 */
export function sourceOf(payload: string | undefined, file: string | undefined, stdin: Readable): Source {
  if (payload !== undefined && file !== undefined) throw new UsageError('Give a payload or --file, not both.')
  if (file !== undefined) return { lines: () => linesOf(createReadStream(file)) }
  if (payload === '-') return { lines: () => linesOf(stdin) }
  if (payload !== undefined) return { text: payload }
  throw new UsageError("Give a payload, '-' for lines of stdin, or --file for lines of a file: one JSON value a line.")
}

/** Lines that hold something. What cannot be read is thrown to whoever asks for the next one. */
async function* linesOf(stream: Readable): AsyncGenerator<string> {
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() !== '') yield line
  }
}

/**
 * Reads a payload as the codec of its contract has it: JSON, a text, or the bytes of a text.
 *
 * @param where - for the error: which line it is
 * @throws {@link UsageError} it is no JSON
 */
export function payloadOf(text: string, { contentType }: Pick<Codec, 'contentType'>, where = 'The payload'): unknown {
  if (contentType.startsWith('text/')) return text
  if (contentType === 'application/octet-stream') return Buffer.from(text)
  try {
    return JSON.parse(text)
  } catch {
    throw new UsageError(
      `${where} is no JSON. A text is written in quotes: '"like this"'. Of a file or stdin, each line is one value.`,
    )
  }
}

/** The content type of a message without a contract: JSON where it is that, and else a text. */
export function contentTypeOf(text: string): string {
  try {
    JSON.parse(text)
    return 'application/json'
  } catch {
    return 'text/plain'
  }
}
