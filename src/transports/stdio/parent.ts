import { fs } from '../../lib/node-builtins.ts';

/**
 * The process that started this one. Read when this module is loaded, as early as possible: a parent that ended before
 * cannot be noticed.
 */
const parent = process.ppid;

const intervalMs = 3_000;

/**
 * Resolves when the process that uses this one has ended: the parent, or the parent of a shell. When `npx` is killed,
 * neither stdin nor stdout shows it if others hold the pipes open, and its shell waits for this process.
 */
export function waitForParentExit(): Promise<void> {
  const grandparent = parentOfShell(parent);
  const isRunning = () => {
    if (!isParentRunning()) return false;
    // The shell may have replaced itself by another program.
    const now = grandparent === undefined ? undefined : parentOfShell(parent);
    return now === undefined || now === grandparent;
  };
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (isRunning()) return;
      clearInterval(timer);
      resolve();
    }, intervalMs).unref();
  });
}

function isParentRunning(): boolean {
  // Elsewhere the system gives an orphan another parent.
  if (process.platform !== 'win32') return process.ppid === parent;
  try {
    // Sends nothing.
    return process.kill(parent, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

const shells: ReadonlySet<string> = new Set(['sh', 'ash', 'bash', 'busybox', 'dash', 'ksh', 'zsh']);

/** The parent of a process that is a shell; undefined for others, and where there is no `/proc`. */
function parentOfShell(pid: number): string | undefined {
  try {
    // `pid (name) state parent ...`; the name may hold spaces and parentheses.
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const end = stat.lastIndexOf(')');
    const name = stat.slice(stat.indexOf('(') + 1, end);
    return shells.has(name) ? stat.slice(end + 2).split(' ')[1] : undefined;
  } catch {
    return undefined;
  }
}
