import { expect } from 'vitest'
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
