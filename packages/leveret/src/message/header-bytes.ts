/** The bytes of a received table of headers, without those of its length, beside what amqplib has read of it. */
export const HEADER_BYTES: unique symbol = Symbol('header bytes')
