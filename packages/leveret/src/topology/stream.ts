/** What a stream keeps. */
export interface Retention {
  readonly maxAge?: string | undefined
  readonly maxBytes?: number | undefined
  readonly maxSegmentBytes?: number | undefined
}

/**
 * What a stream is declared with. Like all declared arguments they are a wire format.
 *
 * @see https://www.rabbitmq.com/docs/streams#retention
 */
export function streamArguments({ maxAge, maxBytes, maxSegmentBytes }: Retention): Readonly<Record<string, unknown>> {
  return {
    'x-queue-type': 'stream',
    ...(maxAge === undefined ? {} : { 'x-max-age': maxAge }),
    ...(maxBytes === undefined ? {} : { 'x-max-length-bytes': maxBytes }),
    ...(maxSegmentBytes === undefined ? {} : { 'x-stream-max-segment-size-bytes': maxSegmentBytes }),
  }
}
