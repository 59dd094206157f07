import type { RabbitMQ } from '@leveret/testing'
import { connect } from 'amqplib'
import type { Effort } from '../arguments.js'
import { createVhost } from '../broker.js'
import { inChild } from '../in-child.js'
import { median } from '../rounds.js'
import { type Column, figure, renderTable } from '../table.js'
import type { Logged, Task } from './task.js'

const MIB = 1024 * 1024
const LINES = { quick: 5_000, full: 100_000 }

const columns: readonly Column[] = [
  { heading: 'transport', align: 'left' },
  { heading: 'loop ms', align: 'right' },
  { heading: 'RSS + MiB', align: 'right' },
  { heading: 'lines there', align: 'right' },
]

/**
 * Measures the cost of a burst of log lines, with `@leveret/pino` and with a transport that does nothing.
 * @returns the table
 */
export async function logs(broker: RabbitMQ, { quick, rounds, messages }: Effort): Promise<string> {
  const lines = messages ?? LINES[quick ? 'quick' : 'full']
  const runs = [true, false].map((ships) => ({ ships, logged: [] as Logged[], there: [] as number[] }))
  for (let round = 0; round < rounds; round += 1) {
    for (const run of runs) {
      await using vhost = await createVhost(broker)
      const connection = await connect(vhost.url)
      const channel = await connection.createChannel()
      await channel.assertExchange('logs', 'topic', { durable: true })
      await channel.assertQueue('lines', { durable: true, arguments: { 'x-queue-type': 'classic' } })
      await channel.bindQueue('lines', 'logs', '#')
      run.logged.push((await inChild('logs', { url: vhost.url, lines, ships: run.ships } satisfies Task)) as Logged)
      run.there.push((await channel.checkQueue('lines')).messageCount)
      await connection.close()
    }
  }
  const rows = runs.map(({ ships, logged, there }) => [
    ships ? '@leveret/pino' : 'none: lines are thrown away',
    figure(median(logged.map(({ turnMs }) => turnMs))),
    figure(median(logged.map(({ grownBytes }) => grownBytes)) / MIB),
    figure(median(there)),
  ])
  return `logs: a burst of ${lines.toLocaleString('en-US')} lines in a loop; medians of ${rounds} rounds\n\n${renderTable(columns, rows)}`
}
