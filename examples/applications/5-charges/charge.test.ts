import { startMemoryBroker } from '@leveret/testing'
import { testDelivery } from '@leveret/testing/leveret'
import { connect, Producer, Worker } from 'leveret'
import { describe, expect, test, vi } from 'vitest'
import { chargeBy, charges, type Gateway } from './charge.js'

const order = { orderId: 7, cents: 1_250 }

describe('a handler by itself', () => {
  test('is done when the card was charged', async () => {
    const charge = vi.fn<Gateway['charge']>().mockResolvedValue('charged')
    const verdict = await testDelivery(charges, order).handledBy(chargeBy({ charge }))
    expect(verdict.did).toBe('acked')
    expect(charge).toHaveBeenCalledExactlyOnceWith(7, 1_250)
  })

  test('gives up at once when it was declined', async () => {
    const verdict = await testDelivery(charges, order).handledBy(chargeBy({ charge: async () => 'declined' }))
    expect(verdict).toMatchObject({ did: 'dead-lettered', reason: 'rejected' })
  })

  test('waits for five minutes when the gateway is busy, and for a minute after its second failure', async () => {
    const busy = await testDelivery(charges, order).handledBy(chargeBy({ charge: async () => 'busy' }))
    expect(busy).toMatchObject({ did: 'retried', afterMs: 300_000 })
    const broken = chargeBy({ charge: async () => await Promise.reject(new Error('no route to host')) })
    const second = await testDelivery(charges, order, { attempt: 2 }).handledBy(broken)
    expect(second).toMatchObject({ did: 'retried', afterMs: 60_000 })
    const last = await testDelivery(charges, order, { attempt: 3 }).handledBy(broken)
    expect(last).toMatchObject({ did: 'dead-lettered', reason: 'attempts-exhausted' })
  })
})

test('minutes pass at once: a busy gateway is asked again after five of them', async () => {
  await using broker = await startMemoryBroker({ clock: 'virtual' })
  await using rabbit = await connect(broker.url)
  const charge = vi.fn<Gateway['charge']>().mockResolvedValueOnce('busy').mockResolvedValue('charged')
  await new Worker(rabbit, charges, chargeBy({ charge })).start()
  await new Producer(rabbit, charges).send(order)

  await broker.settled()
  expect(charge).toHaveBeenCalledTimes(1)
  await broker.advance({ minutes: 4, seconds: 59 })
  expect(charge).toHaveBeenCalledTimes(1)
  await broker.advance({ seconds: 1 })
  await broker.settled()
  expect(charge).toHaveBeenCalledTimes(2)
  expect(await broker.deadLetters(charges)).toEqual([])
  await rabbit.close()
  broker.assertNothingLeft()
})
