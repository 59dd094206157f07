import { type Step, steps } from '../client/settings.js'
import type { Stage } from '../stage.js'
import { type Fault, repeatedly } from './fault.js'

/** Fault: the client kills itself with SIGKILL, at every step. */
export const clientKilled: Fault = {
  name: 'client-killed',
  summary: `the client kills itself with SIGKILL when it handles a failing message, at each of: ${steps.join(', ')}; the next client continues`,
  scope: 'vhost',
  atStart: true,
  strike: async (stage) => {
    for (let round = 0; round < (stage.quick ? 1 : 3); round += 1) {
      for (const step of steps) await killedAt(stage, step)
    }
  },
}

/** How long the client may take to reach a step. */
const PATIENCE_MS = 30_000

async function killedAt(stage: Stage, step: Step): Promise<void> {
  // The running client makes room for one that will kill itself.
  await stage.client.kill()
  const times = 1 + stage.random.below(10)
  const doomed = stage.startClient({ dieAt: { step, times } })
  stage.strikes(`client-killed-at-${step}`)
  stage.strikes(`client-killed-before-${step}`)
  stage.ledger.note('killed', doomed.run)
  await doomed.exited(PATIENCE_MS)
  await stage.startClient().ready()
  await stage.recovers(`client-killed-at-${step}`)
}

/** Fault: the client sends no heartbeats, so the broker takes it for dead. */
export const eventLoop: Fault = {
  name: 'event-loop',
  summary: 'the event loop of the client is blocked for more than two heartbeats, so the broker closes its connection',
  scope: 'wire',
  strike: async (stage) => {
    await repeatedly(stage, 'event-loop', stage.quick ? 1 : 3, async () => {
      await stage.client.ask({ do: 'block', ms: 3 * stage.load.heartbeatMs })
    })
  },
}
