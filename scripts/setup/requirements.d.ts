export function checkSystem(system: { platform: string; release: string; nodeVersion: string }): void;
