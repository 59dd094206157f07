import { z } from 'zod'
import {
  type Connection,
  Publisher,
  type Stream,
  type StreamOptions,
  Subscriber,
  type SubscriberOptions,
  stream,
  topicExchange,
} from '../../src/index.js'

const Line = z.object({ n: z.int() })

/** Numbered lines, and beside them what a reader of lines does not ask for. */
export const journal = topicExchange('journal', { 'line.#': Line, 'note.#': z.string() })

type Lines = Stream<typeof journal, readonly ['line.#']>
type Described = Pick<
  StreamOptions<typeof journal, readonly ['line.#']>,
  'retention' | 'retry' | 'deadLetter' | 'onUnknown'
>
type Options = SubscriberOptions<Lines>
type Beginning = Pick<Options, 'offset' | 'store' | 'saveEveryMs'> & Pick<Described, 'retention'>

/** The stream `lines`, or one of another name, which keeps the lines of the journal. */
export function linesOf(described: Described = {}, name = 'lines'): Lines {
  return stream(name, { of: journal, bindingKeys: ['line.#'], ...described })
}

/** A reader of the stream `lines` that notes what it is handed, and what happens to it. */
export interface JournalReader {
  readonly subscriber: Subscriber<Lines>
  /** The numbers, in the order in which they were handed over. */
  readonly seen: number[]
  /** Names and payloads of what it tells about its stream. */
  readonly told: [string, unknown][]
}

/** @param handle - what to do with a line beside noting it */
export function reader(
  rabbit: Connection,
  { name, retention, ...beginning }: Beginning & { readonly name?: string } = {},
  { handle, retry, deadLetter, onUnknown, ...options }: Options & Described & { handle?: Handle } = {},
): JournalReader {
  const seen: number[] = []
  const told: [string, unknown][] = []
  const given = Object.entries({ retention, retry, deadLetter, onUnknown }).filter(([, value]) => value !== undefined)
  const subscriber = new Subscriber(
    rabbit,
    linesOf(Object.fromEntries(given), name),
    async ({ payload }, delivery) => {
      seen.push(payload.n)
      await handle?.(payload.n, delivery)
    },
    { offset: 'first', ...beginning, ...options },
  )
  for (const name of ['stream.truncated', 'stream.restarted', 'offset.not-saved'] as const) {
    subscriber.on(name, (event: unknown) => told.push([name, event]))
  }
  return { subscriber, seen, told }
}

/** Gets the number of a line. */
export type Handle = (n: number, delivery: { readonly attempt: number; readonly offset: number | undefined }) => unknown

/** Publishes lines of these numbers. */
export async function write(rabbit: Connection, numbers: readonly number[]): Promise<void> {
  const publisher = new Publisher(rabbit, journal)
  await Promise.all(numbers.map((n) => publisher.publish('line.a', { n })))
  await publisher.close()
}

/** Whole numbers from the first to the last. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_value, index) => first + index)
}

/** The same numbers, each once, in the order in which each came first. */
export function once(seen: readonly number[]): number[] {
  return [...new Set(seen)]
}
