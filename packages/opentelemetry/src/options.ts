/** Options of `instrument`. */
export interface InstrumentOptions {
  /**
   * How the span of a handler refers to the span that sent its message: as its child, with a link too, or by the link alone, in a trace of its own. A batch
   * has links only.
   * @defaultValue 'parent-and-link'
   */
  readonly links?: 'parent-and-link' | 'only' | undefined
  /** Whether what settles a delivery (`ack`, `nack`, `reject`) has a span too. @defaultValue false */
  readonly settleSpans?: boolean | undefined
  /** Whether spans that send say the size of the content, in bytes. @defaultValue false */
  readonly bodySize?: boolean | undefined
  /** Whether metrics are recorded. @defaultValue true */
  readonly metrics?: boolean | undefined
  /** Whether spans are made. @defaultValue true */
  readonly traces?: boolean | undefined
}
