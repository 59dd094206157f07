import { createRequire } from 'node:module'
import { expect, onTestFinished } from 'vitest'
import { z } from 'zod'
import { type MessageDiagnostics, Producer, type Sent, workQueue } from '../../src/index.js'
import { eventually, test } from '../support/support.js'
import { onTopic } from '../support/traces.js'

const tasks = workQueue('tasks', { payload: z.int() })

test.for([1, 3, 100])(
  'what a listener sends when a message is written is stored once, as that message is, with at most %i unconfirmed',
  async (maxInFlight, { connectTo, vhost }) => {
    const producer = new Producer(await connectTo({ maxInFlight }), tasks)
    await producer.send(0)
    const answers = new Map<string, Promise<Sent>>()
    const ids = Array.from({ length: 20 }, (_, n) => `first-${n}`)
    onTopic<MessageDiagnostics>('leveret:published', ({ messageId }) => {
      if (ids.includes(messageId)) answers.set(messageId, producer.send(2, { messageId: `second-${messageId}` }))
    })
    await Promise.all(ids.map((messageId) => producer.send(1, { messageId })))
    expect(answers.size).toBe(20)
    await Promise.all(answers.values())
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 41 }))
  },
)

type Publish = (this: unknown, exchange: string, routingKey: string, ...rest: unknown[]) => boolean

/** Calls `hook` in each `publish` of amqplib, as a tracer does. */
function hookPublishes(hook: (routingKey: string) => void): void {
  const path = new URL('../../node_modules/amqplib/lib/channel_model.js', import.meta.url).pathname
  const { ConfirmChannel } = createRequire(import.meta.url)(path) as {
    ConfirmChannel: { prototype: { publish: Publish } }
  }
  const { prototype } = ConfirmChannel
  const { publish: original } = prototype
  const wrapper: Publish = function (exchange, routingKey, ...rest) {
    hook(routingKey)
    return Reflect.apply(original, this, [exchange, routingKey, ...rest])
  }
  prototype.publish = Object.assign(wrapper, { __original: original })
  onTestFinished(() => {
    prototype.publish = original
  })
}

test.for([1, 3, 100])(
  'what the hook of a tracer sends while a message is written is stored once, as that message is, with at most %i unconfirmed',
  async (maxInFlight, { connectTo, vhost }) => {
    const rabbit = await connectTo({ maxInFlight })
    const producer = new Producer(rabbit, tasks)
    const audit = new Producer(rabbit, workQueue('audit', { payload: z.int() }))
    await Promise.all([producer.send(0), audit.send(0)])
    const answers: Promise<Sent>[] = []
    hookPublishes((routingKey) => {
      if (routingKey === 'tasks') answers.push(audit.send(1, { timeoutMs: 5_000 }))
    })
    await Promise.all(Array.from({ length: 20 }, async (_, n) => await producer.send(n, { timeoutMs: 5_000 })))
    await Promise.all(answers)
    expect(answers).toHaveLength(20)
    for (const name of ['tasks', 'audit'])
      await eventually(async () => expect(await vhost.queue(name)).toMatchObject({ messages: 21 }))
  },
)
