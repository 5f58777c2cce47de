import { runTypeScript } from './runTypeScript.js';

runTypeScript('test/vm/main.ts');
