import { z } from 'zod'

/** What every message holds: the usual shape of a task, so that validating it costs what it usually costs. */
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

/** What every message holds. */
export type Order = z.infer<typeof orderSchema>

const bare: Order = { orderId: '0198f4a2-7b1c-7c3e-9d52-3f6a1c0e8b47', note: '' }

const usual: Order = {
  ...bare,
  customer: 'Ada Lovelace',
  items: [{ sku: 'analytical-engine', quantity: 1, priceCents: 1_700_000 }],
  express: true,
}

/** An order that has so many bytes as JSON: with items where they fit, and the rest a note. @throws RangeError if none has so few */
export function orderOf(bytes: number): Order {
  const order = bytes < sizeOf(usual) ? bare : usual
  const rest = bytes - sizeOf(order)
  if (rest < 0) throw new RangeError(`No order has ${bytes} bytes; it needs ${-rest} more.`)
  return { ...order, note: '.'.repeat(rest) }
}

function sizeOf(order: Order): number {
  return Buffer.byteLength(JSON.stringify(order))
}
