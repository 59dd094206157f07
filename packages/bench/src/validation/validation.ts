import type { RabbitMQ } from '@leveret/testing'
import type { Effort, QueueType } from '../arguments.js'
import { createVhost } from '../broker.js'
import { amqplibClient } from '../clients/amqplib.js'
import type { Client } from '../clients/client.js'
import { leveretClient } from '../clients/leveret.js'
import { median, medianRatio } from '../rounds.js'
import { type Column, figure, renderTable } from '../table.js'
import { casesFor, describeRounds, measureCase } from '../work/compare.js'
import { consuming } from '../work/consume.js'
import { lines } from '../work/payload.js'
import { publishing } from '../work/publish.js'
import { contractOf } from '../work/stock.js'
import type { Contender, Workload } from '../work/work.js'
import { type Library, libraries } from './schemas.js'

const columns: readonly Column[] = [
  { heading: 'client', align: 'left' },
  { heading: 'schema', align: 'left' },
  { heading: 'publish CPU µs/message', align: 'right' },
  { heading: 'ratio', align: 'right' },
  { heading: 'consume CPU µs/message', align: 'right' },
  { heading: 'ratio', align: 'right' },
]

const payload = lines(60)
const MESSAGES = 4_000
const WINDOW = 256
const PREFETCH = 250

/** A client with a library. */
interface Subject {
  readonly client: 'amqplib' | 'leveret'
  readonly library: Library
}

const subjects = (['amqplib', 'leveret'] as const).flatMap((client) =>
  libraries.map((library): Subject => ({ client, library })),
)

/**
 * Measures what validation costs: the same work without a schema, and with that of each library.
 *
 * @returns the table
 */
export async function validation(broker: RabbitMQ, effort: Effort): Promise<string> {
  await using vhost = await createVhost(broker)
  const queue = effort.queue ?? 'classic'
  const measure = async (half: Half): Promise<number[][]> => await cpuMicros(half, { queue, url: vhost.url, effort })
  const published = await measure({ atOnce: WINDOW, contend: publishing, before: 'empty', after: 'full' })
  const consumed = await measure({ atOnce: PREFETCH, contend: consuming, before: 'full', after: 'empty' })
  const rows = subjects.map(({ client, library }, index) => [
    client,
    library.name,
    ...figuresOf(published, index),
    ...figuresOf(consumed, index),
  ])
  const title = `validation: an order of ${payload.name}, ${payload.bytes} bytes of JSON, checked at both ends; ${queue} queue, a window of ${WINDOW}, a prefetch of ${PREFETCH}`
  return `${title}; ${describeRounds(effort.rounds)}\n\n${renderTable(columns, rows)}`
}

function figuresOf(cpu: readonly (readonly number[])[], index: number): string[] {
  const [reference = []] = cpu
  const own = cpu[index] ?? []
  return [figure(median(own)), medianRatio(own, reference).toFixed(2)]
}

/** One half of the work. */
interface Half extends Pick<Workload, 'before' | 'after'> {
  readonly atOnce: number
  readonly contend: (client: Client) => Contender
}

interface Setting {
  readonly queue: QueueType
  readonly url: string
  readonly effort: Effort
}

/** Returns the CPU time a message of each subject, a round each. */
async function cpuMicros(
  { atOnce, contend, before, after }: Half,
  { queue, url, effort }: Setting,
): Promise<number[][]> {
  const [first, ...others] = subjects.map((subject) => contend(clientOf(subject, queue)))
  const [one] = casesFor({ cases: [{ queue, payload, atOnce, messages: MESSAGES, headline: true }] }, effort)
  if (first === undefined || one === undefined) return []
  const work = { before, after, contenders: [first, ...others], peers: [] } as const
  const measured = await measureCase(work, one, { url, rounds: effort.rounds, quick: effort.quick })
  return measured.map(({ costs }) => costs.map(({ cpuSeconds }) => (cpuSeconds * 1_000_000) / one.messages))
}

function clientOf({ client, library: { name: of, schema, check } }: Subject, queue: QueueType): Client {
  const name = `${client}, ${of}`
  if (client === 'amqplib') return amqplibClient({ name, check })
  return leveretClient(name, ({ contract }) => contractOf(contract.name, queue, schema))
}
