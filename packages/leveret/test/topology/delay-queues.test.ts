import { describe, expect } from 'vitest'
import { z } from 'zod'
import { json, Producer, text, Worker, workQueue } from '../../src/index.js'
import { delayedSendingOf, delayRoute } from '../../src/topology/delay-levels.js'
import { stranger } from '../support/stranger.js'
import { eventually, firstEvent, test } from '../support/support.js'

const delayed = workQueue('delayed', { payload: z.string(), codec: text })

describe('the levels', () => {
  /** The same exchanges and queues, whose every level waits for 10 ms. */
  async function declareQuick(url: string): Promise<void> {
    await using other = await stranger(url)
    for (const declaration of delayedSendingOf(delayed, 27)) {
      const args = { ...declaration.arguments }
      if (Number(args['x-message-ttl']) > 10) args['x-message-ttl'] = 10
      if (declaration.kind === 'queue') {
        await other.channel.assertQueue(declaration.name, { durable: true, arguments: args })
      } else if (declaration.kind === 'exchange') {
        await other.channel.assertExchange(declaration.name, declaration.type, { durable: true, arguments: args })
      } else if (declaration.to === 'queue') {
        await other.channel.bindQueue(declaration.destination, declaration.source, '', args)
      } else await other.channel.bindExchange(declaration.destination, declaration.source, '', args)
    }
  }

  test('are all passed by what carries every one of them, with what else a message carries', async ({ vhost }) => {
    await declareQuick(vhost.url)
    await using other = await stranger(vhost.url)
    await other.channel.assertQueue('copy', { durable: true })
    await other.channel.assertQueue('blind-copy', { durable: true })
    const { exchange } = delayRoute('delayed', 2 ** 26 * 250)
    const passed = Array.from({ length: 27 }, (_, level) => `leveret.delay.${250 * 2 ** level}`)
    const headers = {
      ...Object.fromEntries(passed.map((name) => [name.replaceAll('.', '-'), true])),
      'leveret-delay-to': 'delayed.delayed',
      mine: 'kept',
    }
    const options = { headers, CC: ['copy'], BCC: ['blind-copy'], priority: 3, messageId: 'one', persistent: true }
    other.channel.publish(exchange, 'delayed', Buffer.from('content'), options)
    await other.channel.waitForConfirms()
    for (const queue of ['delayed', 'copy', 'blind-copy']) {
      await eventually(async () => expect(await vhost.queue(queue)).toMatchObject({ messages: 1 }))
      const message = await other.channel.get(queue, { noAck: true })
      if (message === false) throw new Error('it was there')
      const { 'x-death': deaths, ...kept } = message.properties.headers ?? {}
      expect(deaths?.map((death) => death.queue).sort()).toEqual([...passed, 'delayed.delayed'].sort())
      expect(kept).toMatchObject({ mine: 'kept', CC: ['copy'] })
      expect(message.properties).toMatchObject({ priority: 3, messageId: 'one', deliveryMode: 2 })
      expect(message.fields).toMatchObject({ exchange: '' })
      expect(message.content.toString()).toBe('content')
    }
  })

  test('hold up no contract for another one whose queue takes nothing', async ({ rabbit, vhost }) => {
    const full = workQueue('full', {
      payload: z.string(),
      deadLetter: false,
      queue: { arguments: { 'x-queue-type': 'quorum', 'x-max-length': 1, 'x-overflow': 'reject-publish' } },
    })
    const many = Array.from({ length: 100 }, (_, n) => `${n}`)
    await new Producer(rabbit, full).sendAll(many, { delayMs: 250 })
    await eventually(async () => expect(await vhost.queue('full')).not.toMatchObject({ messages: 0 }))
    const worker = new Worker(rabbit, delayed, () => undefined)
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    await new Producer(rabbit, delayed).send('x', { delayMs: 250 })
    await acked
  })

  test('keep what was for a contract whose queues have been deleted, and hold up no other', async ({
    rabbit,
    vhost,
  }) => {
    const gone = workQueue('gone', { payload: z.string(), codec: json })
    const producer = new Producer(rabbit, gone)
    await producer.send('x', { delayMs: 250 })
    await eventually(async () => expect(await vhost.queue('gone')).toMatchObject({ messages: 1 }))
    await using other = await stranger(vhost.url)
    await other.channel.deleteQueue('gone.delayed')
    const many = Array.from({ length: 100 }, (_, n) => `${n}`)
    await producer.sendAll(many, { delayMs: 250 })
    const worker = new Worker(rabbit, delayed, () => undefined)
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    await new Producer(rabbit, delayed).send('x', { delayMs: 250 })
    await acked
    await eventually(async () => expect(await vhost.queue('leveret.delay.lost')).toMatchObject({ messages: 100 }))
  })

  test('that have been deleted are declared again: no task skips one and comes early', async ({ rabbit, vhost }) => {
    const producer = new Producer(rabbit, delayed)
    await producer.send('0', { delayMs: 1_000 })
    await using other = await stranger(vhost.url)
    await other.channel.deleteQueue('leveret.delay.1000')
    await expect(producer.send('1', { delayMs: 1_000 })).rejects.toMatchObject({ outcome: 'returned' })
    const worker = new Worker(rabbit, delayed, () => undefined)
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    const { messageId } = await producer.send('2', { delayMs: 1_000 })
    expect(await acked).toMatchObject({ messageId })
  })

  test('keep ten thousand tasks, and bring each once', async ({ rabbit }) => {
    const seen = new Set<string>()
    let deliveries = 0
    const worker = new Worker(rabbit, delayed, (task) => {
      deliveries += 1
      seen.add(task)
    })
    await worker.start()
    const many = Array.from({ length: 10_000 }, (_, n) => `${n}`)
    await new Producer(rabbit, delayed).sendAll(many, { delayMs: 1_750 })
    await eventually(() => expect(seen.size).toBe(10_000), { timeoutMs: 60_000 })
    expect(deliveries).toBe(10_000)
  }, 90_000)
})
