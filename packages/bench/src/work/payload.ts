import { type Order, orderOf, orderWith, sizeOf } from './order.js'

/** Content of the messages of a case. */
export interface Payload {
  /** Name in the tables: `note`, `60 lines`. */
  readonly name: string
  /** How many bytes its JSON has. */
  readonly bytes: number
  readonly order: Order
}

/** An order that is as long as its note makes it. */
export function note(bytes: number): Payload {
  return { name: 'note', bytes, order: orderOf(bytes) }
}

/** An order with so many lines: 3 have about 400 bytes, 60 about 4 KiB, 900 about 64 KiB. */
export function lines(count: number): Payload {
  const order = orderWith(count)
  return { name: `${count} lines`, bytes: sizeOf(order), order }
}
