import { setTimeout as sleep } from 'node:timers/promises'
import type { RabbitMQ } from '@leveret/testing'
import { connect } from 'leveret'
import { listeningAt } from './listening.js'
import { Probe } from './probe.js'

/**
 * How long to wait before the broker ends. RabbitMQ 3.10 loses the leader of a quorum queue that is declared less than
 * a second before.
 */
const SETTLED_MS = 3_000

/** Ends the broker several times. @returns how long after it listened again a message was confirmed */
export async function afterRestarts(broker: RabbitMQ, end: 'stop' | 'kill', times: number): Promise<number[]> {
  await using rabbit = await connect(broker.url)
  const probe = await Probe.on(rabbit)
  const samplesMs: number[] = []
  for (let n = 0; n < times; n += 1) {
    await sleep(SETTLED_MS)
    await broker[end]()
    // The message is sent while the broker is down, so the time shows how soon its return is noticed and used.
    const [confirmed, listening] = await Promise.all([probe.confirmedAt(), listeningAt(broker.url), broker.start()])
    // The client may have connected in the pause between two checks.
    samplesMs.push(Math.max(0, confirmed - listening))
  }
  return samplesMs
}
