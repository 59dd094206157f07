import { expect } from 'vitest'
import { runProgram } from '../support/program.js'
import { eventually, test } from '../support/support.js'

/** A short run in every suite; `LEVERET_DROPS=100` is the long one. */
const DROPS = Number(process.env.LEVERET_DROPS ?? 25)
/** After these, what is made only once has been made. */
const WARM_UP = 2

const built = (file: string): string => JSON.stringify(new URL(`../../dist/${file}`, import.meta.url).href)

/** Asks for a drop each time its connection has held for a while, and counts what it has, after the first and the last. */
const program = `
  import { getEventListeners } from 'node:events'
  import { Socket } from 'node:net'
  import { queryObjects } from 'node:v8'
  import { STABLE_MS } from ${built('connection/lanes/backoff.js')}
  import { Channel } from ${built('amqp/channel.js')}
  import { Link } from ${built('amqp/link.js')}

  process.removeAllListeners('warning')
  process.on('warning', ({ name, message }) => {
    if (name !== 'ExperimentalWarning') console.error(message)
  })
  const signals = []
  globalThis.AbortController = class extends AbortController {
    constructor() {
      super()
      signals.push(new WeakRef(this.signal))
    }
  }
  const count = () => ({
    links: queryObjects(Link),
    channels: queryObjects(Channel),
    sockets: queryObjects(Socket),
    listenersOnSignals: signals.reduce((sum, signal) => {
      const found = signal.deref()
      return sum + (found === undefined ? 0 : getEventListeners(found, 'abort').length)
    }, 0),
    listenersOnProcess: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    resources: resources().sort(),
  })
  const untilStable = () => new Promise((resolve) => setTimeout(resolve, STABLE_MS + 100))

  // A busy machine is not to be taken for an event loop that stands still.
  const rabbit = await connect(url, { heartbeatMs: 120_000 })
  const worker = new Worker(rabbit, tasks, ({ n }) => { handled = n })
  let handled = 0
  let back = () => undefined
  worker.on('channel.recovered', () => back())
  await worker.start()
  const producer = new Producer(rabbit, tasks)
  for (let drop = 1; drop <= ${DROPS}; drop += 1) {
    const recovered = new Promise((resolve) => { back = resolve })
    console.log('drop')
    await recovered
    await producer.send({ n: drop })
    await untilStable()
    if (drop === ${WARM_UP} || drop === ${DROPS}) console.log(JSON.stringify(count()))
  }
  if (handled !== ${DROPS}) console.log('handled last: ' + handled)
  console.log('done')
  while (rabbit.state === 'ready') await new Promise((resolve) => setTimeout(resolve, 20))
  await rabbit.close()
`

test(
  `over ${DROPS} drops nothing adds up: no connection, channel or consumer on the broker, no listener or timer in the process`,
  async ({ proxy, vhost }) => {
    const onBroker = async (): Promise<void> => {
      await eventually(async () => {
        expect(await vhost.connections()).toHaveLength(2)
        expect(await vhost.channels()).toHaveLength(2)
        expect(await vhost.consumers()).toHaveLength(1)
      })
    }
    let checked: Promise<void> = Promise.resolve()
    const { lines, stderr, code } = await runProgram(
      proxy.urlFor(vhost.url),
      program,
      (line) => {
        if (line === 'drop') proxy.reset()
        else if (line === 'done') checked = onBroker().finally(() => proxy.reset())
      },
      DROPS * 10_000 + 30_000,
    )
    await checked
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
    const counts = lines.filter((line) => line !== 'drop' && line !== 'done').map((line) => JSON.parse(line) as unknown)
    expect(counts).toHaveLength(2)
    expect(counts[1]).toEqual(counts[0])
    expect(counts[0]).toMatchObject({ channels: 2 })
  },
  DROPS * 10_000 + 60_000,
)
