import type { Version } from '@leveret/memory-broker'
import type { Lab } from './lab.js'

/** Expected behaviour of a broker: the same in every version, or by version. */
export type Expectation = { readonly same: unknown } | { readonly byVersion: Readonly<Record<Version, unknown>> }

/** One behaviour of a broker, and a program that observes it. */
export interface ConformanceCase {
  /** A sentence that says what the broker does. */
  readonly name: string
  readonly area: string
  readonly expected: Expectation
  /** Provokes the behaviour with a raw client. @returns what was observed */
  readonly run: (lab: Lab) => Promise<unknown>
}

/** Returns the expectation of a case for a version. */
export function expectedOf({ expected }: ConformanceCase, version: Version): unknown {
  return 'same' in expected ? expected.same : expected.byVersion[version]
}

/** Collects the cases of an area. */
export class CaseList {
  readonly area: string
  readonly cases: ConformanceCase[] = []

  constructor(area: string) {
    this.area = area
  }

  /** Adds a case in which all versions behave alike. */
  same(name: string, expected: unknown, run: (lab: Lab) => Promise<unknown>): void {
    this.cases.push({ name, area: this.area, expected: { same: expected }, run })
  }

  /** Adds a case in which versions differ: 3.10, 4.0, 4.3. */
  differs(
    name: string,
    [v310, v40, v43]: readonly [unknown, unknown, unknown],
    run: (lab: Lab) => Promise<unknown>,
  ): void {
    this.cases.push({ name, area: this.area, expected: { byVersion: { '3.10': v310, '4.0': v40, '4.3': v43 } }, run })
  }
}
