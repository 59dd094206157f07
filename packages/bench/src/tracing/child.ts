import { watch } from './set-up.js'
import type { Spent, Task } from './task.js'

const WINDOW = 256
const QUEUE = 'traced'

/** A library that sends and handles. */
interface Library {
  send(text: string): Promise<unknown>
  /** Resolves when this many messages were handled and acknowledged. */
  handle(messages: number): Promise<void>
}

const task = JSON.parse(process.argv[2] ?? '') as Task
await watch(task.subject)
const library = task.subject.startsWith('leveret') ? await openLeveret() : await openAmqplib()
const text = 'x'.repeat(task.bytes)
// The warm-up is not counted, because code is compiled during it.
await sendAll(Math.ceil(task.messages / 4))
const warm = library.handle(Math.ceil(task.messages / 4))
await warm
const send = await spent(() => sendAll(task.messages))
const handle = await spent(() => library.handle(task.messages))
console.log(JSON.stringify({ send, handle } satisfies Spent))
process.exit(0)

async function spent(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / task.messages
}

async function sendAll(messages: number): Promise<void> {
  let left = messages
  const loop = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await library.send(text)
    }
  }
  await Promise.all(Array.from({ length: WINDOW }, loop))
}

async function openLeveret(): Promise<Library> {
  const { connect, Producer, Worker, workQueue } = await import('leveret')
  const { z } = await import('zod')
  const idle = {
    publish: async (_message: unknown, next: () => Promise<void>) => await next(),
    handle: async (_delivery: unknown, next: () => Promise<void>) => await next(),
  }
  const interceptors = task.subject.endsWith('an interceptor that does nothing') ? [idle] : []
  const rabbit = await connect(task.url, { interceptors })
  const queue = { type: 'classic' } as const
  const contract = workQueue(QUEUE, { payload: z.string(), queue, retry: false, deadLetter: false })
  const producer = new Producer(rabbit, contract)
  return {
    send: (payload) => producer.send(payload),
    handle: async (messages) => {
      let left = messages
      await new Promise<void>((resolve) => {
        const worker = new Worker(
          rabbit,
          contract,
          () => {
            left -= 1
            if (left === 0) void worker.close().then(resolve)
          },
          { concurrency: WINDOW },
        )
        void worker.start()
      })
    },
  }
}

async function openAmqplib(): Promise<Library> {
  const { connect } = await import('amqplib')
  const connection = await connect(task.url)
  const channel = await connection.createConfirmChannel()
  await channel.assertQueue(QUEUE, { durable: true, arguments: { 'x-queue-type': 'classic' } })
  return {
    send: (payload) =>
      new Promise<void>((resolve, reject) => {
        const content = Buffer.from(JSON.stringify(payload))
        channel.publish('', QUEUE, content, { persistent: true, contentType: 'application/json' }, (error) =>
          error ? reject(error) : resolve(),
        )
      }),
    handle: async (messages) => {
      const consuming = await connection.createChannel()
      await consuming.prefetch(WINDOW)
      let left = messages
      await new Promise<void>((resolve) => {
        void consuming.consume(QUEUE, (message) => {
          if (message === null) throw new Error(`The queue ${QUEUE} was deleted.`)
          JSON.parse(message.content.toString())
          consuming.ack(message)
          left -= 1
          if (left === 0) resolve()
        })
      })
      await consuming.close()
    },
  }
}
