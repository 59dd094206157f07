/** Options of {@link instrument}. */
export interface InstrumentOptions {
  /**
   * Relation between the span of a handler and the span that sent its message. With `'parent-and-link'`, the handler's
   * span is a child of the sending span and also links to it. With `'only'`, it begins a trace of its own and only
   * links to the sending span. The span of a batch always has links only.
   * @defaultValue 'parent-and-link'
   */
  readonly links?: 'parent-and-link' | 'only' | undefined
  /** Whether the settlement of a delivery (`ack`, `nack`, `reject`) has a span too. @defaultValue false */
  readonly settleSpans?: boolean | undefined
  /** Whether the spans of publishes carry the size of the content, in bytes. @defaultValue false */
  readonly bodySize?: boolean | undefined
  /** Whether metrics are recorded. @defaultValue true */
  readonly metrics?: boolean | undefined
  /** Whether spans are created. @defaultValue true */
  readonly traces?: boolean | undefined
}
