import { expect } from 'vitest'
import { runProgram } from '../support/program.js'
import { eventually, test } from '../support/support.js'

const COUNTED = { timeoutMs: 45_000 }
/** What `close` may take by default. */
const DEADLINE_MS = 25_000

test('SIGTERM under 500 messages a second: each that was published is processed, waiting or a dead letter, and the program ends with 0 in time', async ({
  vhost,
}) => {
  const body = `const silent = { debug() {}, info() {}, warn() {}, error() {} }
    const rabbit = await connect(url, { logger: silent })
    let published = 0, processed = 0, retried = 0, twice = 0
    const unclear = []
    const lost = []
    const done = new Set()
    rabbit.on('disconnected', ({ reason }) => lost.push(String(reason)))
    const worker = new Worker(rabbit, tasks, async ({ n }, { attempt }) => {
      await new Promise((resolve) => setTimeout(resolve, n % 40))
      if (n % 10 === 0 && attempt === 1) throw new Error('every tenth')
      if (n % 10 === 5) throw new Reject('every tenth too')
    }, { concurrency: 50 })
    worker.on('delivery.acked', ({ messageId }) => {
      processed += 1
      if (done.has(messageId)) twice += 1
      done.add(messageId)
    })
    worker.on('delivery.retried', () => { retried += 1 })
    worker.on('channel.lost', ({ reason }) => lost.push(String(reason)))
    await worker.start()
    closeOnSignals(rabbit)
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 1 })
    published += 1
    const began = performance.now()
    let sent = 0
    const load = setInterval(() => {
      for (; sent < (performance.now() - began) / 2; sent += 1) {
        producer.send({ n: sent }).then(() => { published += 1 }, (error) => {
          if (error.name !== 'ClosedError' && error.outcome !== 'not-sent') unclear.push(String(error))
        })
      }
    }, 20)
    setTimeout(() => {
      console.log('now')
      process.kill(process.pid, 'SIGTERM')
    }, 1_500)
    rabbit.on('closed', () => {
      clearInterval(load)
      console.log(JSON.stringify({ published, processed, retried, twice, unclear, lost }))
    })`
  let signalledAt = Number.NaN
  const { lines, stderr, code } = await runProgram(vhost.url, body, (line) => {
    if (line === 'now') signalledAt = performance.now()
  })
  const tookMs = Math.round(performance.now() - signalledAt)
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
  expect(tookMs).toBeLessThan(DEADLINE_MS)
  const { published, processed = 0, retried, ...trouble } = JSON.parse(lines[1] ?? '{}') as Record<string, number>
  expect(trouble).toEqual({ twice: 0, unclear: [], lost: [] })
  expect(published).toBeGreaterThan(200)
  const { waiting, dead } = await eventually(async () => {
    const { messages_unacknowledged: unacknowledged, messages_ready: ready = 0 } = await vhost.queue('tasks')
    expect(unacknowledged).toBe(0)
    // What failed waits in the queue of its delay, or has come back from it.
    const { messages: delayed = 0 } = await vhost.queue('tasks.retry.1000')
    const { messages: dead = 0 } = await vhost.queue('tasks.dead-letter')
    expect({ processed, ready, delayed, dead, sum: processed + ready + delayed + dead }).toMatchObject({
      sum: published,
    })
    return { waiting: ready + delayed, dead }
    // Each queue tells its figures in its own time, and what has just come back is in those of two.
  }, COUNTED)
  console.log(
    `SIGTERM: ended after ${tookMs} ms; ${published} published: ${processed} processed, ${waiting} waiting, ${dead} dead letters`,
  )
  expect(dead).toBeGreaterThan(0)
  expect(retried).toBeGreaterThan(0)
})

test('SIGTERM with 50 handlers in flight: all of them finish and are acknowledged, and nothing is delivered twice', async ({
  broker,
  vhost,
}) => {
  const body = `const rabbit = await connect(url)
    let acked = 0
    let running = 0
    let finish
    const finished = new Promise((resolve) => { finish = resolve })
    const worker = new Worker(rabbit, tasks, async () => {
      running += 1
      if (running === 50) {
        process.kill(process.pid, 'SIGTERM')
        setTimeout(finish, 500)
      }
      await finished
    }, { concurrency: 50 })
    worker.on('delivery.acked', () => { acked += 1 })
    rabbit.on('closed', () => console.log(acked))
    closeOnSignals(rabbit)
    const producer = new Producer(rabbit, tasks)
    await Promise.all(Array.from({ length: 60 }, (_, n) => producer.send({ n })))
    await worker.start()`
  expect(await runProgram(vhost.url, body)).toEqual({ lines: ['50'], stderr: '', code: 0 })
  await eventually(async () =>
    expect(await vhost.queue('tasks')).toMatchObject({ messages_ready: 10, messages_unacknowledged: 0 }),
  )
  const left = await broker.management.get(vhost.name, 'tasks', 60)
  // A subscription holds one above its prefetch at first. It had not begun, and was given back.
  expect(left.map(({ redelivered }) => redelivered)).toEqual([true, ...Array(9).fill(false)])
})

test('a second signal ends the program at once', async ({ vhost }) => {
  const body = `const rabbit = await connect(url)
    closeOnSignals(rabbit, { signals: ['SIGINT'] })
    const worker = new Worker(rabbit, tasks, async () => {
      process.kill(process.pid, 'SIGINT')
      await new Promise((resolve) => setTimeout(resolve, 300))
      console.log('still closing')
      process.kill(process.pid, 'SIGINT')
      await new Promise(() => {})
    })
    await worker.start()
    await new Producer(rabbit, tasks).send({ n: 1 })`
  expect(await runProgram(vhost.url, body)).toEqual({ lines: ['still closing'], stderr: '', code: undefined })
})

test('after it was called off, or after close, signals are left alone', async ({ vhost }) => {
  const body = `const rabbit = await connect(url)
    const count = () => process.listenerCount('SIGTERM')
    const callOff = closeOnSignals(rabbit, { signals: ['SIGTERM'] })
    console.log(count())
    callOff()
    console.log(count())
    closeOnSignals(rabbit, { signals: ['SIGTERM'] })
    await rabbit.close()
    console.log(count())`
  expect(await runProgram(vhost.url, body)).toEqual({ lines: ['1', '0', '0'], stderr: '', code: 0 })
})
