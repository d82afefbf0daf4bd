/** Folders for checkouts and assemblies of tests, all inside one that `temporary-setup.ts` makes and removes. */
import { mkdtempSync } from 'node:fs'
import path from 'node:path'
import { inject } from 'vitest'

export const temporaryFolder = (purpose: string): string => mkdtempSync(path.join(inject('temporary'), `${purpose}-`))
