import { type HandlerOf, Reject, Retry, workQueue } from 'leveret'
import { z } from 'zod'

/** Cards to be charged. */
export const charges = workQueue('charges', {
  payload: z.object({ orderId: z.int(), cents: z.int().positive() }),
  retry: { delaysMs: [1_000, 60_000] },
})

/** Who charges cards. It does nothing twice for one order. */
export interface Gateway {
  charge(orderId: number, cents: number): Promise<'charged' | 'declined' | 'busy'>
}

/** The handler, with whom it asks: a test gives it another one. */
export function chargeBy(gateway: Gateway): HandlerOf<typeof charges> {
  return async ({ orderId, cents }) => {
    const answer = await gateway.charge(orderId, cents)
    if (answer === 'declined') throw new Reject(`the card of order ${orderId} was declined`)
    if (answer === 'busy') throw new Retry({ afterMs: 300_000 })
  }
}
