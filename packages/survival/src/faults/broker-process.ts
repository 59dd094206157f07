import { setTimeout as delay } from 'node:timers/promises'
import { saveQueues } from '../broker.js'
import { type Fault, repeatedly } from './fault.js'

/** Fault: SIGKILL of the broker, without a close or a flush. */
export const kill: Fault = {
  name: 'kill',
  summary: 'the broker is killed with SIGKILL under load, and started again',
  scope: 'broker',
  strike: async (stage) => {
    await saveQueues(stage.broker)
    await repeatedly(stage, 'kill', stage.quick ? 1 : 5, async () => {
      await stage.broker.kill()
      await stage.broker.start()
    })
  },
}

/** Fault: an orderly restart of the broker. */
export const restart: Fault = {
  name: 'restart',
  summary: 'the broker is stopped in order under load, and started again',
  scope: 'broker',
  strike: async (stage) => {
    await repeatedly(stage, 'restart', stage.quick ? 1 : 3, async () => {
      await stage.broker.stop()
      await stage.broker.start()
    })
  },
}

/** Fault: the broker's process is suspended, with SIGSTOP or `docker pause`. */
export const pause: Fault = {
  name: 'pause',
  summary: 'the process of the broker is suspended for 20 s (quick: 5 s): connections stay open and silent',
  scope: 'broker',
  strike: async (stage) => {
    await repeatedly(stage, 'pause', 1, async () => {
      await stage.broker.pause()
      await delay(stage.span(5_000, 20_000))
      await stage.broker.resume()
    })
  },
}

/** Fault: the client starts before the broker. */
export const absent: Fault = {
  name: 'absent',
  summary: 'the client starts while there is no broker, which arrives after 60 s (quick: 5 s)',
  scope: 'broker',
  atStart: true,
  direct: true,
  begin: async (stage) => {
    stage.strikes('absent')
    await stage.broker.stop()
    const client = stage.startClient()
    await delay(stage.span(5_000, 60_000))
    await stage.broker.start()
    await client.ready()
  },
  strike: async (stage) => await stage.recovers('absent'),
}
