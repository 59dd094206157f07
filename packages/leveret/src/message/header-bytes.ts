/** Key of the bytes of a received table of headers, without its length, beside the value that amqplib has read. */
export const HEADER_BYTES: unique symbol = Symbol('header bytes')
