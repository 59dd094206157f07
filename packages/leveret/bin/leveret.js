#!/usr/bin/env node
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

// The command line is a package of its own, which weighs nothing here. It is the one of the folder that this is run in.
try {
  await import(pathToFileURL(createRequire(join(process.cwd(), 'package.json')).resolve('@leveret/cli/main')).href)
} catch (error) {
  if (error.code !== 'MODULE_NOT_FOUND') throw error
  console.error('The command line of leveret is a package of its own: npm install --save-dev @leveret/cli')
  process.exitCode = 1
}
