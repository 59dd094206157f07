import { once } from 'node:events'
import { Worker as Thread } from 'node:worker_threads'
import { describe, expect, onTestFinished } from 'vitest'
import { z } from 'zod'
import { DeadLetters, Producer, procedure, RpcClient, Worker, workQueue } from '../../src/index.js'
import { runProgram } from '../support/program.js'
import { eventually, tasks, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

/** Stops this thread: no timer, no socket. What the broker answers meanwhile lies in the socket's buffer. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

/** So many turns of the event loop later. What is asked takes several to reach the broker: a channel, then the question. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

describe('after an event loop that stood still for longer than they may take', () => {
  test('a send whose confirm has come succeeds', async ({ rabbit }) => {
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 0 })
    for (let n = 0; n < 5; n += 1) {
      const sent = producer.send({ n }, { timeoutMs: 200 })
      await turns(n)
      standStill(500)
      await expect(sent).resolves.toMatchObject({ messageId: expect.any(String) })
    }
  })

  test('what was asked of the broker is answered', async ({ connectTo }) => {
    const rabbit = await connectTo({ connectTimeoutMs: 500 })
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 0 })
    const letters = new DeadLetters(rabbit, tasks)
    for (let n = 0; n < 20; n += 1) {
      const counted = letters.count()
      await turns(n)
      standStill(800)
      expect(await counted).toBe(0)
    }
  }, 30_000)

  test('a worker that declares and consumes gets no failure', async ({ connectTo }) => {
    const rabbit = await connectTo({ connectTimeoutMs: 500 })
    const failures: unknown[] = []
    for (let n = 0; n < 10; n += 1) {
      const queue = workQueue(`slow-${n}`, {
        payload: z.object({ n: z.int() }),
        queue: { type: 'classic' },
        retry: false,
      })
      const worker = new Worker(rabbit, queue, () => undefined)
      worker.on('consume-failed', ({ reason }) => failures.push(reason))
      const started = worker.start()
      await turns(3 * n)
      standStill(800)
      await started
    }
    expect(failures).toEqual([])
  }, 30_000)

  test('a call whose reply has come is answered', async ({ rabbit, vhost }) => {
    const double = procedure('double', { request: z.int(), response: z.int() })
    await serveElsewhere(vhost.url, 'double')
    const client = new RpcClient(rabbit, double)
    await eventually(async () => expect(await client.call(1)).toBe(2))
    for (let n = 0; n < 5; n += 1) {
      const called = client.call(n, { timeoutMs: 300 })
      await turns(n)
      standStill(800)
      expect(await called).toBe(2 * n)
    }
  })
})

test('calls whose replies are many megabytes are answered after a stand-still, as long as they go on coming', async ({
  rabbit,
  vhost,
}) => {
  const fill = procedure('fill', { request: z.int(), response: z.string() })
  await serveElsewhere(vhost.url, 'fill', "(n) => 'a'.repeat(n)")
  const client = new RpcClient(rabbit, fill)
  await eventually(async () => expect(await client.call(1)).toBe('a'))
  const calls = Array.from({ length: 30 }, () => client.call(2_000_000, { timeoutMs: 1_000 }))
  await turns(5)
  standStill(2_000)
  for (const { length } of await Promise.all(calls)) expect(length).toBe(2_000_000)
})

test('a process that was suspended for longer than a send may take takes its confirm', async ({ vhost }) => {
  const body = `
    const rabbit = await connect(url)
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 0 })
    for (let n = 1; n <= 3; n += 1) {
      const sent = producer.send({ n }, { timeoutMs: 500 }).then(() => 'confirmed', ({ message }) => message)
      await new Promise((resolve) => setImmediate(resolve))
      // A sibling wakes it up again.
      const { execFileSync, spawn } = await import('node:child_process')
      spawn('sh', ['-c', 'sleep 1; kill -CONT ' + process.pid], { stdio: 'ignore' })
      process.kill(process.pid, 'SIGSTOP')
      console.log(await sent)
    }
    await rabbit.close()`
  const { lines, stderr } = await runProgram(vhost.url, body)
  expect({ lines, stderr }).toEqual({ lines: ['confirmed', 'confirmed', 'confirmed'], stderr: '' })
})

/** A server that goes on while this thread stands still. */
async function serveElsewhere(url: string, queue: string, answer = '(n) => 2 * n'): Promise<void> {
  const server = new Thread(
    `const { workerData: { url, queue }, parentPort } = require('node:worker_threads')
     require('amqplib').connect(url).then(async (connection) => {
       const channel = await connection.createChannel()
       await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } }).catch(() => undefined)
       await channel.consume(queue, (request) => {
         if (request === null) return
         const { content, properties: { replyTo, correlationId } } = request
         const answer = JSON.stringify((${answer})(JSON.parse(content)))
         channel.sendToQueue(replyTo, Buffer.from(answer), { correlationId, contentType: 'application/json', headers: {} })
       }, { noAck: true })
       parentPort.postMessage('ready')
     })`,
    { eval: true, workerData: { url, queue } },
  )
  onTestFinished(async () => void (await server.terminate()))
  await once(server, 'message')
}
