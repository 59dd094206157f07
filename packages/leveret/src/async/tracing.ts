import { channel, type TracingChannel, tracingChannel } from 'node:diagnostics_channel'

/** A channel of `node:diagnostics_channel`, with its message's type. */
export interface Topic<Message> {
  readonly hasSubscribers: boolean
  publish(message: Message): void
}

/**
 * A message of a `TracingChannel` of `node:diagnostics_channel` about one operation. Every `start` has one `asyncEnd`.
 */
export interface Trace {
  /** The error of the operation, set before `asyncEnd`; `undefined` if it succeeded. */
  error: unknown
}

/** An operation around a call. */
export interface ScopedTrace extends Trace {
  /**
   * A function that a subscriber of `start` may set. The traced code is then called inside it, for contexts that cannot
   * be bound as a store.
   */
  run: (<T>(call: () => T) => T) | undefined
}

/** The tracing channel of one operation. Ask `hasSubscribers` before making a trace. */
export function tracing<T extends Trace>(operation: string): TracingChannel<T, T> {
  return tracingChannel<T, T>(`leveret:${operation}`)
}

/** A plain channel. Ask `hasSubscribers` before making a message. */
export function topicOf<Message>(name: string): Topic<Message> {
  return channel(`leveret:${name}`)
}

/** The scope of the trace whose outcome is being published. That is synchronous, so one variable holds it. */
let reportScope: ScopedTrace['run']

/** Calls `report` with the trace's scope: {@link inReportScope} runs its function in that scope meanwhile. */
export function withReportScope(trace: ScopedTrace | undefined, report: () => void): void {
  const before = reportScope
  reportScope = trace?.run
  try {
    report()
  } finally {
    reportScope = before
  }
}

/**
 * Calls a function in the scope of the trace that is being reported, if there is one. A log line then belongs to its
 * span.
 */
export function inReportScope<T>(call: () => T): T {
  return reportScope === undefined ? call() : reportScope(call)
}

/** Calls a function between `start` and `end`, in the stores that are bound to `start`. */
export function runTraced<T extends ScopedTrace, R>(topic: TracingChannel<T, T>, trace: T, call: () => R): R {
  return topic.start.runStores(trace, (): R => {
    try {
      return trace.run === undefined ? call() : trace.run(call)
    } finally {
      topic.end.publish(trace)
    }
  })
}

/**
 * Publishes the end of an operation: `error` if it failed, then `asyncStart` and `asyncEnd`. Call it once for each
 * trace.
 */
export function endTrace<T extends Trace>(topic: TracingChannel<T, T>, trace: T): void {
  if (trace.error !== undefined) topic.error.publish(trace)
  topic.asyncStart.publish(trace)
  topic.asyncEnd.publish(trace)
}
