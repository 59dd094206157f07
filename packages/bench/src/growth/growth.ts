import type { RabbitMQ } from '@leveret/testing'
import type { Effort } from '../arguments.js'
import { createVhost } from '../broker.js'
import { inChild } from '../in-child.js'
import { type Column, figure, renderTable } from '../table.js'
import { ROLE_MESSAGES } from './roles.js'
import type { Growth, Task } from './task.js'

const MIB = 1024 * 1024

const columns: readonly Column[] = [
  { heading: 'what', align: 'left' },
  { heading: 'count', align: 'right' },
  { heading: 'messages/s', align: 'right' },
  { heading: 'CPU µs/message', align: 'right' },
  { heading: 'RSS + MiB', align: 'right' },
  { heading: 'heap kept MiB', align: 'right' },
  { heading: 'refused', align: 'right' },
]

/** Counts of each kind, ten and a hundred times as many as the first. */
const FULL: Readonly<Record<Task['kind'], readonly number[]>> = {
  'publish and consume': [5_000, 50_000, 500_000],
  sendAll: [10_000, 100_000, 1_000_000],
  'sends that are not awaited': [10_000, 100_000, 1_000_000],
  roles: [1, 100, 1_000],
}
const QUICK: typeof FULL = {
  'publish and consume': [1_000, 10_000],
  sendAll: [1_000, 10_000],
  'sends that are not awaited': [1_000, 10_000],
  roles: [1, 10],
}

/** Measures the cost of more messages and of more roles, each in a separate process. @returns the table */
export async function growth(broker: RabbitMQ, { quick, messages }: Effort): Promise<string> {
  const rows: string[][] = []
  for (const [kind, counts] of Object.entries(quick ? QUICK : FULL) as [Task['kind'], readonly number[]][]) {
    for (const count of messages === undefined ? counts : [messages]) {
      await using vhost = await createVhost(broker)
      const task: Task = { url: vhost.url, kind, count }
      const found = (await inChild('growth', task)) as Growth
      rows.push(growthRow({ kind, count }, found))
    }
  }
  const title = 'growth: leveret alone, classic queue, 200 bytes of JSON, each row a process of its own, one run'
  return `${title}\n\n${renderTable(columns, rows)}`
}

/** Returns the row of one count. */
export function growthRow({ kind, count }: Pick<Task, 'kind' | 'count'>, found: Growth): string[] {
  const { seconds, cpuSeconds, grownBytes, keptBytes, refused } = found
  const messages = kind === 'roles' ? ROLE_MESSAGES : count
  return [
    kind,
    count.toLocaleString('en-US'),
    figure(messages / seconds),
    figure((cpuSeconds * 1_000_000) / messages),
    (grownBytes / MIB).toFixed(1),
    (keptBytes / MIB).toFixed(1),
    refused.toLocaleString('en-US'),
  ]
}
