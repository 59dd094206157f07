import { setTimeout as delay } from 'node:timers/promises'
import type { Stage } from '../stage.js'
import { type Fault, repeatedly } from './fault.js'

/** Fault: RST on every connection. */
export const reset: Fault = {
  name: 'reset',
  summary: 'every connection is reset (RST) under load, 20 times (quick: 4)',
  scope: 'wire',
  strike: async (stage) => {
    await repeatedly(stage, 'reset', stage.quick ? 4 : 20, () => {
      for (const proxy of stage.proxies) proxy.reset()
    })
  },
}

/** Fault: FIN on every connection. */
export const fin: Fault = {
  name: 'fin',
  summary: 'every connection is ended (FIN) under load, 20 times (quick: 4)',
  scope: 'wire',
  strike: async (stage) => {
    await repeatedly(stage, 'fin', stage.quick ? 4 : 20, () => {
      for (const proxy of stage.proxies) proxy.end()
    })
  },
}

/** Fault: no bytes pass, and the connections stay open. */
export const blackHole: Fault = {
  name: 'black-hole',
  summary:
    'nothing passes either way, new connections included, for longer than two heartbeats; then all of it arrives',
  scope: 'wire',
  strike: async (stage) => {
    await repeatedly(stage, 'black-hole', stage.quick ? 1 : 3, async () => {
      for (const proxy of stage.proxies) proxy.blackHole()
      await delay(2.5 * stage.load.heartbeatMs)
      for (const proxy of stage.proxies) proxy.heal()
    })
  },
}

/** Fault: a slow network. */
export const latency: Fault = {
  name: 'latency',
  summary: 'every byte takes 300 ms longer, each way, for 20 s (quick: 3 s)',
  scope: 'wire',
  strike: async (stage) => {
    await repeatedly(stage, 'latency', 1, async () => {
      for (const proxy of stage.proxies) proxy.latency(300)
      await delay(stage.span(3_000, 20_000))
      for (const proxy of stage.proxies) proxy.latency(0)
    })
  },
}

/** Fault: the connection ends in the middle of a frame. */
export const cut: Fault = {
  name: 'cut',
  summary: 'each connection dies after N bytes from the broker, and so do the next ones, at 40 random N (quick: 6)',
  scope: 'wire',
  strike: async (stage) => {
    await repeatedly(stage, 'cut', stage.quick ? 6 : 40, async () => await cutAtRandom(stage))
  },
}

/** How many bytes a handshake and the declarations after it take, about. */
const SET_UP_BYTES = 1_500
const MORE_BYTES = 5_000

async function cutAtRandom({ proxies, random }: Stage): Promise<void> {
  const [more, setUp] = [random.below(MORE_BYTES), random.below(SET_UP_BYTES)]
  for (const proxy of proxies) {
    proxy.cutAfterServerBytes(setUp)
    proxy.cutAfterMoreServerBytes(more)
  }
  // Some attempts to connect are cut, too.
  await delay(600)
  for (const proxy of proxies) {
    proxy.cutAfterServerBytes(undefined)
    proxy.cutAfterMoreServerBytes(undefined)
  }
}
