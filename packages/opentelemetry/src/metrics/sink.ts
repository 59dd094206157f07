import type { MetricName } from './definitions.js'

/** Attributes of a measurement. */
export type Labels = Readonly<Record<string, string | number>>

/** Receiver of measurements. */
export interface MetricSink {
  /** Adds to a counter or an up-down counter. */
  add(metric: MetricName, value: number, labels: Labels): void
  /** Records a value in a histogram, or sets a gauge. */
  record(metric: MetricName, value: number, labels: Labels): void
}
