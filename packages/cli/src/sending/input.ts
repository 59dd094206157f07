import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Codec } from 'leveret'
import { UsageError } from '../program/exit.js'

/** A source of payloads: a single one, or lines of a file or of stdin. */
export interface Source {
  /** The single payload; `undefined` if there are lines. */
  readonly text?: string
  readonly lines?: () => AsyncGenerator<string>
}

/**
 * Returns the source of payloads: an argument, `-` for stdin, or a file.
 *
 * @throws {@link UsageError} if neither is given, or both
 */
export function sourceOf(payload: string | undefined, file: string | undefined, stdin: Readable): Source {
  if (payload !== undefined && file !== undefined) throw new UsageError('Give a payload or --file, not both.')
  if (file !== undefined) return { lines: () => linesOf(createReadStream(file)) }
  if (payload === '-') return { lines: () => linesOf(stdin) }
  if (payload !== undefined) return { text: payload }
  throw new UsageError(
    "Give a payload, or '-' to read lines from stdin, or --file to read lines from a file. Each line is one JSON value.",
  )
}

/** Yields the lines that are not blank. A read error is thrown at the next line. */
async function* linesOf(stream: Readable): AsyncGenerator<string> {
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() !== '') yield line
  }
}

/**
 * Reads a payload as the codec of its contract needs it: JSON, a text, or the bytes of a text.
 *
 * @param where - the line, for the error
 * @throws {@link UsageError} if it is not JSON
 */
export function payloadOf(text: string, { contentType }: Pick<Codec, 'contentType'>, where = 'The payload'): unknown {
  if (contentType.startsWith('text/')) return text
  if (contentType === 'application/octet-stream') return Buffer.from(text)
  try {
    return JSON.parse(text)
  } catch {
    throw new UsageError(
      `${where} is not JSON. Write a text in quotes: '"like this"'. In a file or stdin, each line is one JSON value.`,
    )
  }
}

/** Returns the content type of a message without a contract: JSON if the text is JSON, otherwise text. */
export function contentTypeOf(text: string): string {
  try {
    JSON.parse(text)
    return 'application/json'
  } catch {
    return 'text/plain'
  }
}
