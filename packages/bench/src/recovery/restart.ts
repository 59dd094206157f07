import { setTimeout as sleep } from 'node:timers/promises'
import type { RabbitMQ } from '@leveret/testing'
import { connect } from 'leveret'
import { listeningAt } from './listening.js'
import { Probe } from './probe.js'

/** RabbitMQ 3.10 that is killed within a second of declaring a quorum queue has no leader for it afterwards. */
const SETTLED_MS = 3_000

/** Ends the broker so many times. @returns how long after it listened again a message was confirmed */
export async function afterRestarts(broker: RabbitMQ, end: 'stop' | 'kill', times: number): Promise<number[]> {
  await using rabbit = await connect(broker.url)
  const probe = await Probe.on(rabbit)
  const samplesMs: number[] = []
  for (let n = 0; n < times; n += 1) {
    await sleep(SETTLED_MS)
    await broker[end]()
    // The message is sent while the broker is away: what is measured is how soon its return is noticed and used.
    const [confirmed, listening] = await Promise.all([probe.confirmedAt(), listeningAt(broker.url), broker.start()])
    // The client may have got in during the pause between two looks.
    samplesMs.push(Math.max(0, confirmed - listening))
  }
  return samplesMs
}
