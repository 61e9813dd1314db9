package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"resolute/agent/backup"
	"resolute/agent/journal"
)

func (p *Program) backupCommand() *cobra.Command {
	c := &cobra.Command{Use: "backup FILE", Short: "Copy the data folder into one file, beside a running server too", Args: cobra.ExactArgs(1),
		Long: "backup copies journal and knowledge, as they are at one moment, into FILE. FILE has its name only once\n" +
			"it is whole and on disk. The key file is not in it: keep that apart, it opens the secrets."}
	t := p.targetFlags(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if t.url != "" {
			return usagef("a backup is made on the machine of the data folder: name it with --data")
		}
		if _, err := os.Stat(t.data); err != nil {
			return fmt.Errorf("there is nothing to back up: %w", err)
		}
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		return p.with(ctx, t, func(c *client) error { return p.backup(ctx, c, t.data, args[0]) })
	}
	return c
}

func (p *Program) backup(ctx context.Context, c *client, data, file string) error {
	body, err := c.stream(ctx, "POST", "/admin/backup")
	if err != nil {
		return err
	}
	info, err := backup.Save(body, file)
	if err = errors.Join(err, body.Close()); err != nil {
		return fmt.Errorf("no backup was made: %w; a server that runs says in its log what it met", err)
	}
	size, err := os.Stat(file)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.Stdout, "%s: %s as of %s, %d bytes\nnot in it: %s\n", file, data, info.MadeAt.Format(time.RFC3339), size.Size(), strings.Join(info.NotInside, ", "))
	return err
}

func (p *Program) restoreCommand() *cobra.Command {
	c := &cobra.Command{Use: "restore FILE --data DIR", Short: "Make a new data folder of a backup", Args: cobra.ExactArgs(1),
		Long: "restore checks FILE, makes a new data folder of it and walks its journal. A call that was made after the\n" +
			"backup may be made again, with the same idempotency key."}
	data := c.Flags().String("data", p.setting("DATA", "data"), "new data `folder`")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		f, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // it was only read
		info, err := backup.Restore(f, *data)
		if err != nil {
			return fmt.Errorf("restore %s: %w", args[0], err)
		}
		damage := 0
		t, err := journal.VerifyFile(cmd.Context(), journalOf(*data), func(journal.Damage) { damage++ })
		if damage > 0 {
			err = errors.Join(err, fmt.Errorf("everything is in %s as it was backed up, and the journal was damaged in %d places by then: resolute verify --data %s names them", *data, damage, *data))
		}
		if err != nil {
			return fmt.Errorf("restore %s: %w", args[0], err)
		}
		_, err = fmt.Fprintf(p.Stdout, "%s: as of %s, %d cases, %d entries, all whole\nnot in the backup: %s; put the old folder's key there (mode 0600) before the first start, it opens the secrets\n",
			*data, info.MadeAt.Format(time.RFC3339), t.Cases, t.Entries, strings.Join(info.NotInside, ", "))
		return err
	}
	return c
}
