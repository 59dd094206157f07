import { jest } from '@jest/globals'
import { startMemoryBroker } from '@leveret/testing'
import { testDelivery } from '@leveret/testing/leveret'
import { connect, Producer, Worker } from 'leveret'
import { chargeBy, charges } from './charge.js'

const order = { orderId: 7, cents: 1_250 }

test('a handler by itself', async () => {
  const charge = jest.fn(async () => 'charged')
  expect(await testDelivery(charges, order).handledBy(chargeBy({ charge }))).toMatchObject({ did: 'acked' })
  expect(charge).toHaveBeenCalledWith(7, 1_250)

  const declined = await testDelivery(charges, order).handledBy(chargeBy({ charge: async () => 'declined' }))
  expect(declined).toMatchObject({ did: 'dead-lettered', reason: 'rejected' })
})

test('minutes pass at once', async () => {
  const broker = await startMemoryBroker({ clock: 'virtual' })
  const rabbit = await connect(broker.url)
  const charge = jest.fn(async () => 'charged').mockResolvedValueOnce('busy')
  await new Worker(rabbit, charges, chargeBy({ charge })).start()
  await new Producer(rabbit, charges).send(order)
  await broker.settled()
  expect(charge).toHaveBeenCalledTimes(1)
  await broker.advance({ minutes: 5 })
  await broker.settled()
  expect(charge).toHaveBeenCalledTimes(2)
  await rabbit.close()
  broker.assertNothingLeft()
  await broker.close()
})
