import type { MeterProvider, TracerProvider } from '@opentelemetry/api'
import { instrument } from './instrument.js'
import { SCOPE, VERSION } from './names.js'
import type { InstrumentOptions } from './options.js'

/** Options of {@link LeveretInstrumentation}: those of {@link instrument}, and whether it begins by itself. */
export interface LeveretInstrumentationConfig extends InstrumentOptions {
  /** Whether the instrumentation begins as soon as it is created. @defaultValue true */
  readonly enabled?: boolean | undefined
}

/** Wraps {@link instrument} in the form that `NodeSDK({ instrumentations: [new LeveretInstrumentation()] })` takes. */
export class LeveretInstrumentation {
  readonly instrumentationName = SCOPE
  readonly instrumentationVersion = VERSION
  #config: LeveretInstrumentationConfig
  #tracerProvider: TracerProvider | undefined
  #meterProvider: MeterProvider | undefined
  #stop: (() => void) | undefined

  constructor(config: LeveretInstrumentationConfig = {}) {
    this.#config = config
    if (config.enabled !== false) this.enable()
  }

  enable(): void {
    this.#stop?.()
    this.#stop = instrument(this.#config, { tracerProvider: this.#tracerProvider, meterProvider: this.#meterProvider })
  }

  disable(): void {
    this.#stop?.()
    this.#stop = undefined
  }

  setTracerProvider(provider: TracerProvider): void {
    this.#tracerProvider = provider
    this.#again()
  }

  setMeterProvider(provider: MeterProvider): void {
    this.#meterProvider = provider
    this.#again()
  }

  setConfig(config: LeveretInstrumentationConfig): void {
    this.#config = config
    this.#again()
  }

  getConfig(): LeveretInstrumentationConfig {
    return this.#config
  }

  /** Returns an empty list, because this instrumentation patches no module. */
  getModuleDefinitions(): [] {
    return []
  }

  #again(): void {
    if (this.#stop !== undefined) this.enable()
  }
}
