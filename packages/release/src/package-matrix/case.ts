import type { Tools } from './project.js'

/** One way of using the published packages. */
export interface Case {
  /** What a user has, for example `TypeScript 5.9, node10`. */
  readonly name: string
  /** The settings that it takes, in Markdown. */
  readonly settings: string
  readonly tools: Tools
  /** Texts by their paths. A package.json is merged with the one that names what is installed. */
  readonly files: Readonly<Record<string, string>>
  /** Commands in the project, each a script for Node.js. */
  readonly steps: readonly (readonly string[])[]
  /** What the last command prints. */
  readonly prints: RegExp
  /** Whether the last command is to fail with that text, because this way does not work. */
  readonly isRefused?: boolean
  /** Whether the test of each CI run tries it too. The others are left to the script. */
  readonly isQuick?: boolean
}

/** What every program prints when it has handled what it sent. */
export const HANDLED: RegExp = /^handled 7$/m

/** A package.json of a project, of which npm wrote the rest. */
export function packageJson(type: 'module' | 'commonjs'): string {
  return JSON.stringify({ name: 'project', version: '1.0.0', type })
}
