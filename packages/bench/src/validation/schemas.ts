import { type as arktype } from 'arktype'
import type { Schema } from 'leveret'
import * as v from 'valibot'
import type { Check } from '../clients/amqplib.js'
import { parsed, unchecked } from '../clients/amqplib.js'
import { type Order, orderSchema } from '../work/order.js'

/** The schema of an order in one library. */
export interface Library {
  readonly name: string
  readonly schema: Schema<Order>
  /** Validates in the library's own way; throws if a value is no order. */
  readonly check: Check
  /** Whether keys that the schema does not name stay out of what it returns. */
  readonly drops: boolean
}

/** A schema that takes everything, as a contract must have one. */
const anything: Schema<Order> = {
  '~standard': { version: 1, vendor: 'none', validate: (value) => ({ value: value as Order }) },
}

const count = v.pipe(v.number(), v.integer(), v.minValue(1))
const amount = v.pipe(v.number(), v.integer(), v.minValue(0))
const uuid = v.pipe(v.string(), v.uuid())

const valibotOrder = v.object({
  orderId: uuid,
  customer: v.optional(v.pipe(v.string(), v.minLength(1))),
  items: v.optional(
    v.pipe(v.array(v.object({ sku: v.string(), quantity: count, priceCents: amount })), v.minLength(1)),
  ),
  express: v.optional(v.boolean()),
  placedAt: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  lines: v.optional(
    v.pipe(
      v.array(
        v.object({
          id: uuid,
          pieces: count,
          cents: amount,
          due: v.optional(v.pipe(v.string(), v.isoDate())),
          options: v.optional(v.array(v.pipe(v.string(), v.minLength(1)))),
        }),
      ),
      v.minLength(1),
    ),
  ),
  note: v.string(),
})

/** Creates the schema of arktype. By default it keeps keys that it does not name. */
const arktypeOrder = (undeclared: 'ignore' | 'delete') =>
  arktype({
    '+': undeclared,
    orderId: 'string.uuid',
    'customer?': 'string >= 1',
    'items?': arktype({
      '+': undeclared,
      sku: 'string',
      quantity: 'number.integer >= 1',
      priceCents: 'number.integer >= 0',
    })
      .array()
      .atLeastLength(1),
    'express?': 'boolean',
    'placedAt?': 'string.date.iso',
    'lines?': arktype({
      '+': undeclared,
      id: 'string.uuid',
      pieces: 'number.integer >= 1',
      cents: 'number.integer >= 0',
      'due?': 'string.date.iso',
      'options?': '(string >= 1)[]',
    })
      .array()
      .atLeastLength(1),
    note: 'string',
  })

const keeping = arktypeOrder('ignore')
const dropping = arktypeOrder('delete')

/** The libraries, beginning with none. */
export const libraries: readonly [Library, ...Library[]] = [
  { name: 'none', schema: anything, check: unchecked, drops: false },
  { name: 'zod', schema: orderSchema, check: parsed, drops: true },
  { name: 'valibot', schema: valibotOrder, check: (value) => v.parse(valibotOrder, value), drops: true },
  { name: 'arktype', schema: keeping, check: (value) => keeping.assert(value), drops: false },
  { name: 'arktype, dropping keys', schema: dropping, check: (value) => dropping.assert(value), drops: true },
]
