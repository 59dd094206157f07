import type { RabbitMQ } from '@leveret/testing'
import type { Effort } from '../arguments.js'
import { createVhost } from '../broker.js'
import { inChild } from '../in-child.js'
import { median, medianRatio } from '../rounds.js'
import { type Column, figure, renderTable } from '../table.js'
import { type Spent, SUBJECTS, type Subject, type Task } from './task.js'

const columns: readonly Column[] = [
  { heading: 'what', align: 'left' },
  { heading: 'send: CPU µs', align: 'right' },
  { heading: 'handle: CPU µs', align: 'right' },
  { heading: 'both', align: 'right' },
  { heading: 'beside leveret', align: 'right' },
  { heading: 'beside amqplib of that sampling', align: 'right' },
]

const BYTES = 200
const MESSAGES = { quick: 2_000, full: 20_000 }

/**
 * Measures the cost of tracing: CPU time per message, sent and handled. Each run is a separate process.
 * @returns the table
 */
export async function tracing(broker: RabbitMQ, { quick, rounds, messages }: Effort): Promise<string> {
  const count = messages ?? MESSAGES[quick ? 'quick' : 'full']
  const spent = new Map<Subject, Spent[]>(SUBJECTS.map((subject) => [subject, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const subject of SUBJECTS) {
      await using vhost = await createVhost(broker)
      const task: Task = { url: vhost.url, subject, messages: count, bytes: BYTES }
      spent.get(subject)?.push((await inChild('tracing', task)) as Spent)
    }
  }
  const rows = SUBJECTS.map((subject) => rowOf(subject, spent))
  const title = `tracing: ${count.toLocaleString('en-US')} messages of ${BYTES} B, classic queue, each confirmed and acknowledged; CPU a message, medians of ${rounds} rounds`
  return `${title}\n\n${renderTable(columns, rows)}`
}

function rowOf(subject: Subject, spent: ReadonlyMap<Subject, readonly Spent[]>): string[] {
  const totals = (of: Subject): number[] => (spent.get(of) ?? []).map(({ send, handle }) => send + handle)
  const own = spent.get(subject) ?? []
  const [, sampling] = /(sampled \d+ %)$/.exec(subject) ?? []
  const peer = (sampling === undefined ? 'amqplib' : `amqplib, ${sampling}`) as Subject
  return [
    subject,
    figure(median(own.map(({ send }) => send))),
    figure(median(own.map(({ handle }) => handle))),
    figure(median(totals(subject))),
    medianRatio(totals(subject), totals('leveret')).toFixed(2),
    medianRatio(totals(subject), totals(peer)).toFixed(2),
  ]
}
