import { describe, expect } from 'vitest'
import { type Delivery, MemoryDeduplicationStore, Producer, Worker, workQueue } from '../../../src/index.js'
import { runProgram } from '../../support/program.js'
import { eventually, firstEvent, gate, tasks, test } from '../../support/support.js'
import { forbidSurprises } from '../../support/surprises.js'

forbidSurprises()

describe("acknowledge: 'none'", () => {
  test.for(['quorum', 'classic'] as const)(
    'hands a task over at most once, also when its handler ends the process (%s)',
    async (type, { rabbit, vhost }) => {
      const contract = workQueue('once', { payload: tasks.payload, queue: { type } })
      await new Producer(rabbit, contract).sendAll(Array.from({ length: 20 }, (_, n) => ({ n })))
      const body = `const contract = workQueue('once', { payload: z.object({ n: z.number() }), queue: { type: '${type}' } })
        const rabbit = await connect(url)
        const handler = ({ n }) => {
          process.stdout.write(n + '\\n')
          process.kill(process.pid, 'SIGKILL')
        }
        await new Worker(rabbit, contract, handler, { acknowledge: 'none', concurrency: 2 }).start()`
      const handled: string[] = []
      for (let run = 1; run <= 5; run += 1) handled.push(...(await runProgram(vhost.url, body)).lines)
      expect(handled.length).toBeGreaterThanOrEqual(5)
      expect(new Set(handled).size).toBe(handled.length)
    },
  )

  test('leaves its handlers alone when the connection is lost: nothing comes again', async ({
    connectTo,
    proxy,
    rabbit: sender,
    vhost,
  }) => {
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const hold = gate()
    const handled: unknown[] = []
    const handler = async (_task: unknown, { signal, redelivered }: Delivery): Promise<void> => {
      await hold.opened
      handled.push([signal.aborted, redelivered])
    }
    const worker = new Worker(rabbit, tasks, handler, { acknowledge: 'none', concurrency: 2 })
    const recovered = firstEvent(worker, 'channel.recovered')
    const acked: unknown[] = []
    worker.on('delivery.acked', (event) => acked.push(event))
    await worker.start()
    await new Producer(sender, tasks).sendAll([{ n: 1 }, { n: 2 }])
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
    proxy.reset()
    await recovered
    hold.open()
    await eventually(() => expect(acked).toHaveLength(2))
    expect(handled).toEqual([
      [false, false],
      [false, false],
    ])
  })

  test('reports a duplicate as a duplicate', async ({ rabbit }) => {
    const worker = new Worker(rabbit, tasks, () => undefined, {
      acknowledge: 'none',
      deduplicate: { store: new MemoryDeduplicationStore(), ttlMs: 60_000 },
    })
    const skipped = firstEvent(worker, 'delivery.skipped')
    await worker.start()
    const producer = new Producer(rabbit, tasks)
    const { messageId } = await producer.send({ n: 1 })
    await producer.send({ n: 1 }, { messageId })
    expect(await skipped).toMatchObject({ messageId })
  })
})
