import { z } from 'zod'

/** A line of an order. Few have a date and options of their own. */
const lineSchema = z.object({
  id: z.uuid(),
  pieces: z.int().positive(),
  cents: z.int().nonnegative(),
  due: z.iso.date().optional(),
  options: z.array(z.string().min(1)).optional(),
})

/** Schema of every message. It has the usual shape of a task, so that its validation has the usual cost. */
export const orderSchema = z.object({
  orderId: z.uuid(),
  customer: z.string().min(1).optional(),
  items: z
    .array(z.object({ sku: z.string(), quantity: z.int().positive(), priceCents: z.int().nonnegative() }))
    .min(1)
    .optional(),
  express: z.boolean().optional(),
  placedAt: z.iso.datetime().optional(),
  lines: z.array(lineSchema).min(1).optional(),
  note: z.string(),
})

/** Content of every message. */
export type Order = z.infer<typeof orderSchema>
type Line = NonNullable<Order['lines']>[number]

/** Of how many lines one has a date and options. */
const SPECIAL = 10

const bare: Order = { orderId: '0198f4a2-7b1c-7c3e-9d52-3f6a1c0e8b47', note: '' }

const usual: Order = {
  ...bare,
  customer: 'Ada Lovelace',
  items: [{ sku: 'analytical-engine', quantity: 1, priceCents: 1_700_000 }],
  express: true,
}

/**
 * Creates an order of `bytes` bytes as JSON: with items if they fit, and a note. However long it is, most of it is one
 * string, which costs next to nothing to validate.
 *
 * @throws RangeError if that is too few bytes
 */
export function orderOf(bytes: number): Order {
  const order = bytes < sizeOf(usual) ? bare : usual
  const rest = bytes - sizeOf(order)
  if (rest < 0) throw new RangeError(`No order has ${bytes} bytes; it needs ${-rest} more.`)
  return { ...order, note: '.'.repeat(rest) }
}

/** Creates an order with lines: nested arrays, ids, dates and numbers, each of which is validated. */
export function orderWith(lines: number): Order {
  return {
    ...bare,
    customer: 'Ada Lovelace',
    express: true,
    placedAt: '2026-11-26T10:28:00.000Z',
    lines: Array.from({ length: lines }, (_, index) => lineOf(index)),
  }
}

function lineOf(index: number): Line {
  const id = `0198f4a2-7b1c-7c3e-9d52-${index.toString(16).padStart(12, '0')}`
  const line = { id, pieces: 1 + (index % 9), cents: 100 + ((index * 37) % 900) }
  return index % SPECIAL === 0 ? { ...line, due: '2026-12-24', options: ['gift', 'insured'] } : line
}

/** Returns how many bytes an order has as JSON. */
export function sizeOf(order: Order): number {
  return Buffer.byteLength(JSON.stringify(order))
}
