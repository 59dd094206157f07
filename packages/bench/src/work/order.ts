import { z } from 'zod'

/** Schema of every message. It has the usual shape of a task, so that its validation has the usual cost. */
export const orderSchema = z.object({
  orderId: z.uuid(),
  customer: z.string().min(1).exactOptional(),
  items: z
    .array(z.object({ sku: z.string(), quantity: z.int().positive(), priceCents: z.int().nonnegative() }))
    .min(1)
    .exactOptional(),
  express: z.boolean().exactOptional(),
  note: z.string(),
})

/** Content of every message. */
export type Order = z.infer<typeof orderSchema>

const bare: Order = { orderId: '0198f4a2-7b1c-7c3e-9d52-3f6a1c0e8b47', note: '' }

const usual: Order = {
  ...bare,
  customer: 'Ada Lovelace',
  items: [{ sku: 'analytical-engine', quantity: 1, priceCents: 1_700_000 }],
  express: true,
}

/**
 * Creates an order of `bytes` bytes as JSON: with items if they fit, and a note.
 *
 * @throws RangeError if that is too few bytes
 */
export function orderOf(bytes: number): Order {
  const order = bytes < sizeOf(usual) ? bare : usual
  const rest = bytes - sizeOf(order)
  if (rest < 0) throw new RangeError(`No order has ${bytes} bytes; it needs ${-rest} more.`)
  return { ...order, note: '.'.repeat(rest) }
}

function sizeOf(order: Order): number {
  return Buffer.byteLength(JSON.stringify(order))
}
