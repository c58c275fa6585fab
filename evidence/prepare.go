package evidence

import "context"

// Prepare commits the parts of the basis that an opened book does not have
// yet, as Begin does, when files come without a register. With a basis that is
// there already it changes nothing.
func (in *Intake) Prepare(ctx context.Context) error {
	_, err := in.Store.Update(ctx, in.Scope, in.Book, func(tx Tx) error {
		touched := map[string]bool{}
		if err := in.lay(ctx, tx, touched); err != nil {
			return err
		}
		return in.recount(ctx, tx, nil, touched)
	})
	return err
}
