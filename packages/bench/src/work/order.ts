import { z } from 'zod'

/** What every message holds: the usual shape of a task, so that validating it costs what it usually costs. */
export const orderSchema = z.object({
  orderId: z.uuid(),
  customer: z.string().min(1),
  items: z.array(z.object({ sku: z.string(), quantity: z.int().positive(), priceCents: z.int().nonnegative() })).min(1),
  express: z.boolean(),
  note: z.string(),
})

/** 200 bytes as JSON. */
export const order: z.input<typeof orderSchema> = {
  orderId: '0198f4a2-7b1c-7c3e-9d52-3f6a1c0e8b47',
  customer: 'Ada Lovelace',
  items: [{ sku: 'analytical-engine', quantity: 1, priceCents: 1_700_000 }],
  express: true,
  note: 'Ring twice, then wait a bit',
}
