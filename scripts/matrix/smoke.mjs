// Runs in an empty project, beside the packages as they are published. Prints what works; throws at what does not.
import assert from 'node:assert/strict'
import { startFaultProxy, startRabbitMQ } from '@leveret/testing'
import {
  connect,
  DeadLetters,
  Producer,
  Publisher,
  procedure,
  RpcClient,
  RpcServer,
  Subscriber,
  topicExchange,
  Worker,
  workQueue,
} from 'leveret'
import { z } from 'zod'

const emails = workQueue('emails', { payload: z.object({ to: z.string(), n: z.int() }), retry: { delaysMs: [50] } })
const logs = topicExchange('logs', { '*.*': z.object({ line: z.string() }) })
const square = procedure('square', { request: z.object({ n: z.number() }), response: z.number() })

// Without `await using`, which Node.js 20 and 22 do not know.
const broker = await startRabbitMQ()
const proxy = await startFaultProxy({ to: broker.url })
try {
  const rabbit = await connect(proxy.url)
  await work(rabbit, () => proxy.reset())
  await subscribe(rabbit)
  await call(rabbit)
  await rabbit.close()
  console.log('✓ it closes')
} finally {
  await proxy[Symbol.asyncDispose]()
  await broker[Symbol.asyncDispose]()
}

/** @param {import('leveret').Connection} rabbit @param {() => void} reset - its connections */
async function work(rabbit, reset) {
  const done = new Set()
  /** @type {string[]} */
  const dead = []
  const worker = new Worker(rabbit, emails, ({ n }, { attempt }) => {
    if (n === 7) throw new Error('never')
    if (n === 3 && attempt === 1) throw new Error('not yet')
    done.add(n)
  })
  worker.on('delivery.dead-lettered', ({ failure }) => dead.push(failure.message))
  await worker.start()
  const producer = new Producer(rabbit, emails)
  await producer.sendAll(Array.from({ length: 100 }, (_, n) => ({ to: 'ann@example.com', n })))
  await until(() => done.size === 99 && dead.length === 1)
  assert.equal(await new DeadLetters(rabbit, emails).count(), 1)
  console.log('✓ 100 tasks: 98 done, 1 after a retry, 1 dead letter')
  /** @type {any} */
  const misfit = { to: 1 }
  await assert.rejects(producer.send(misfit), { name: 'PayloadError' })
  console.log('✓ what does not fit is refused')
  reset()
  await producer.send({ to: 'bob@example.com', n: 1_000 })
  await until(() => done.has(1_000))
  console.log('✓ after its connections were reset it sends and works')
}

/** @param {import('leveret').Connection} rabbit */
async function subscribe(rabbit) {
  /** @type {string[]} */
  const lines = []
  const handler = (/** @type {{ payload: { line: string } }} */ { payload }) => void lines.push(payload.line)
  await new Subscriber(rabbit, logs, handler, { bindingKeys: ['*.error'] }).start()
  const publisher = new Publisher(rabbit, logs)
  await publisher.publish('kern.info', { line: 'not for us' })
  await publisher.publish('kern.error', { line: 'for us' })
  await until(() => lines.length === 1)
  assert.deepEqual(lines, ['for us'])
  console.log('✓ a subscriber gets what its binding key says')
}

/** @param {import('leveret').Connection} rabbit */
async function call(rabbit) {
  await new RpcServer(rabbit, square, ({ n }) => n * n).start()
  assert.equal(await new RpcClient(rabbit, square).call({ n: 12 }), 144)
  console.log('✓ a call is answered')
}

/** @param {() => boolean} condition */
async function until(condition) {
  const deadline = performance.now() + 60_000
  while (!condition()) {
    assert.ok(performance.now() < deadline, `still not so after a minute: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
